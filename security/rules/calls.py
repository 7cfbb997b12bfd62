import ssl
import ssl as tls
import urllib.request
from urllib.request import urlopen

import httpx
import pycurl
import requests
import requests as web
import urllib3
from requests import post


def unchecked(session, handle, url):
    # ruleid: tls-unchecked
    requests.get(url, verify=False, allow_redirects=False)
    check = False
    # ruleid: tls-unchecked
    requests.get(url, verify=check, allow_redirects=False)
    # ruleid: tls-unchecked
    session.verify = False
    # ruleid: tls-unchecked
    options = {"timeout": 5, "verify": False}
    # ruleid: tls-unchecked
    context = ssl._create_unverified_context()
    # ruleid: tls-unchecked
    context.check_hostname = False
    # ruleid: tls-unchecked
    context.verify_mode = tls.CERT_NONE
    # ruleid: tls-unchecked
    handle.setopt(pycurl.SSL_VERIFYPEER, 0)
    # ruleid: tls-unchecked
    handle.setopt(pycurl.SSL_VERIFYHOST, False)
    # ruleid: tls-unchecked
    urllib3.disable_warnings()
    return options


def checked(handle, url, bundle):
    # ok: tls-unchecked
    requests.get(url, verify=bundle, allow_redirects=False)
    # ok: tls-unchecked
    handle.setopt(pycurl.CAINFO, bundle)
    # ok: tls-unchecked
    ssl.create_default_context(cafile=bundle)


def followed(session, handle, url, prepared):
    # ruleid: redirect-followed
    requests.get(url)
    # ruleid: redirect-followed
    web.request("POST", url, allow_redirects=True)
    # ruleid: redirect-followed
    post(url, json={})
    # ruleid: redirect-followed
    session.get(url)
    # ruleid: redirect-followed
    session.send(prepared, timeout=1)
    # ruleid: redirect-followed
    handle.setopt(pycurl.FOLLOWLOCATION, 1)
    # ruleid: redirect-followed
    handle.setopt(pycurl.FOLLOWLOCATION, True)
    # ruleid: redirect-followed
    urllib.request.urlopen(url)
    # ruleid: redirect-followed
    urlopen(url)
    # ruleid: redirect-followed
    httpx.get(url, follow_redirects=True)


def not_followed(session, handle, url, prepared):
    # ok: redirect-followed
    requests.get(url, allow_redirects=False)
    # ok: redirect-followed
    session.send(prepared, timeout=1, allow_redirects=False)
    # ok: redirect-followed
    handle.setopt(pycurl.FOLLOWLOCATION, 0)
