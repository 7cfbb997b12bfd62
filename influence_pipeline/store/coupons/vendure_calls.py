"""The GraphQL documents that the Vendure writer sends; names as in the Admin API of 3.7.3."""

from __future__ import annotations

LOGIN = """
mutation ($user: String!, $password: String!) {
  login(username: $user, password: $password) { __typename }
}"""

_PROMOTIONS = """
  promotions(options: {filter: {couponCode: {regex: $code}}, take: 100}) {
    items {
      id couponCode name enabled usageLimit
      conditions { code args { name value } }
      actions { code args { name value } }
    }
  }"""

FIND_PROMOTIONS = f"query ($code: String!) {{ {_PROMOTIONS} }}"

# All that must be known before a coupon is made, in one call.
SITUATION = f"""
query ($code: String!, $group: String!, $customer: ID!, $locked: Boolean!) {{
  {_PROMOTIONS}
  channels(options: {{take: 1000}}) {{ items {{ id code token availableCurrencyCodes }} }}
  globalSettings {{ serverConfig {{ moneyStrategyPrecision }} }}
  customer(id: $customer) @include(if: $locked) {{ id }}
  customerGroups(options: {{filter: {{name: {{eq: $group}}}}, take: 100}}) @include(if: $locked) {{
    items {{ id customers(options: {{take: 2}}) {{ totalItems items {{ id }} }} }}
  }}
}}"""

GROUP = """
query ($id: ID!) {
  customerGroup(id: $id) { id customers(options: {take: 2}) { totalItems items { id } } }
}"""

CREATE_GROUP = """
mutation ($input: CreateCustomerGroupInput!) { createCustomerGroup(input: $input) { id } }"""

ADD_TO_GROUP = """
mutation ($group: ID!, $customers: [ID!]!) {
  addCustomersToGroup(customerGroupId: $group, customerIds: $customers) {
    id customers(options: {take: 2}) { totalItems items { id } }
  }
}"""

VARIANTS = """
query ($ids: [String!]!) {
  products(options: {filter: {id: {in: $ids}}, take: 1000}) { items { id variants { id } } }
}"""

CREATE_PROMOTION = """
mutation ($input: CreatePromotionInput!) {
  createPromotion(input: $input) {
    __typename
    ... on Promotion { id }
    ... on ErrorResult { message }
  }
}"""

ASSIGN = """
mutation ($input: AssignPromotionsToChannelInput!) {
  assignPromotionsToChannel(input: $input) { id }
}"""

ENABLE = """
mutation ($input: UpdatePromotionInput!) {
  updatePromotion(input: $input) { __typename }
}"""
