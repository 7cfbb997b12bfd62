import hmac
import os
import pickle
import subprocess
from pickle import loads

import pandas as pd
import yaml


def shells(name):
    # ruleid: shell
    subprocess.run(f"ls {name}", shell=True)
    # ruleid: shell
    os.system("ls")
    # ruleid: shell
    subprocess.Popen(["bash", "-c", name])
    # ruleid: shell
    subprocess.getoutput("ls")
    # ok: shell
    subprocess.run(["ls", name], check=True)


def loaders(data):
    # ruleid: code-from-data
    eval(data)
    # ruleid: code-from-data
    exec(data)
    # ruleid: code-from-data
    pickle.loads(data)
    # ruleid: code-from-data
    loads(data)
    # ruleid: code-from-data
    yaml.load(data, Loader=yaml.Loader)
    # ruleid: code-from-data
    pd.read_pickle(data)
    # ok: code-from-data
    yaml.safe_load(data)


def asserts(user):
    # ruleid: assert-in-program
    assert user.is_admin
    # ruleid: assert-in-program
    assert user.is_admin, "not allowed"
    # ok: assert-in-program
    if not user.is_admin:
        raise PermissionError


def compares(settings, given, token, password):
    # ruleid: secret-compared
    if given == token:
        return True
    # ruleid: secret-compared
    if settings.secret("webhook_token") != given:
        return False
    wanted = settings.webhook_token.get_secret_value()
    # ruleid: secret-compared
    if given == wanted:
        return True
    # ok: secret-compared
    if len(password) == 0:
        return False
    # ok: secret-compared
    return hmac.compare_digest(given.encode(), token.encode())
