"""Sentences of the shop itself: products, people, settings, the first day."""

from __future__ import annotations

from jitledger_bot.texts.language import mark

DESCRIBE_YOUR_SHOP = mark(
    "Your new shop. Write in one line: its name, currency, time zone, and whether prices are "
    "with or without tax. For example:\n"
    "<code>The Blue Mug, EUR, Europe/Berlin, with tax</code>"
)
FIRST_STEPS = mark(
    """<b>First steps</b>
1. Your products: send a table (.csv or .xlsx with code, name, price), or one by one:
<code>/new Blue mug, 9.50, Acme</code>
or a photo of a barcode with “+24”.
2. What is there: <code>count blue mug 17</code>, or /count for a round.
3. Your suppliers: <code>/new_supplier Acme, 7 days</code>
4. Your people: /invite staff
/help shows the rest."""
)
PRIVACY_MODE_IS_ON_HERE = mark(
    "⚠ Privacy mode is on: here I see only commands and replies to me. For plain "
    "messages let BotFather switch it off (/setprivacy) and add me again, or make me an "
    "administrator."
)
WELCOME_TO_SHOP_YOU_ARE = mark("Welcome to {shop}! You are {role}.")
HELLO_IN_THIS_GROUP_I = mark("Hello! In this group I record what members of the shop write.")
HELLO_NAME_YOU_ARE_ROLE = mark("Hello {name}, you are {role}.")
WITHOUT_TAX = mark("without tax")
WITH_TAX = mark("with tax")
SETTINGS_HERE_SAYS_WHAT_I = mark("/settings here says what I tell this group.")
NAME_IS_OPEN_CURRENCY_TIMEZONE = mark(
    "<b>{name}</b> is open: {currency}, {timezone}, prices {prices}. You are its owner."
)
NONE = mark("none")
THE_SHOPS_NAME = mark("the shop's name")
TIME_ZONE = mark("time zone")
LANGUAGE_OF_NUMBERS_AND_OF = mark("language of numbers and of orders")
SELLING_PRICES_WITH_TAX_GROSS = mark("selling prices with tax (gross) or without (net)")
SHARE_OF_THE_TIME_SOMETHING = mark("share of the time something is to be there")
DAYS_AN_ORDER_IS_TO = mark("days an order is to last")
OPENS_AT = mark("opens at; with 00:00 to 24:00 the hours are learned from the sales")
CLOSES_AT = mark("closes at")
HOW_REORDER_POINTS_ARE_FOUND = mark("how reorder points are found")
ORDERS_SIZED_BY_DAYS_COST_AUTO = mark(
    "what orders are sized by: days of demand, cost (fewer days of what is dear), or auto, chosen "
    "by replaying your sales"
)
LEVELS_BY_MIX_OR_LINES = mark(
    "how the service level is shared: mix, or lines, which keeps least of what is dear"
)
MEMORY_IN_DAYS_0_BY_REPLAY = mark(
    "how long sales are remembered, in days; 0 is chosen by replaying them"
)
LEAST_MARGIN_0_IS_NONE = mark("least margin; 0 is none")
LANGUAGES_KNOWN = mark("Languages: {known}")
LANGUAGE_IS = mark("Language: {language}")
WHAT_I_TELL_YOU_HERE = mark("What I tell you here by myself:")
LOCATIONS_CODES = mark("locations: {codes}")
CHANGE_ONE_LIKE_EXAMPLE = mark("Change one like: {example}")
A_FURTHER_LOCATION_EXAMPLE = mark("A further location: {example}")
I_KNOW_LANGUAGE_TIMEZONE_QUIET = mark("I know: language, timezone, quiet")
TIME_ZONE_IS = mark("Time zone: {zone}")
QUIET_HOURS_ARE = mark("Quiet hours: {hours}")
KNOWN = mark("I know: {known}")
THERE_IS_NO_TIME_ZONE = mark("There is no time zone “{name}”; try Europe/Berlin")
QUIET_HOURS_ARE_WRITTEN_LIKE = mark("Quiet hours are written like 22-7, or “off”")
SETTINGS = mark("Settings")
NEW_PRODUCT_PRODUCT = mark("New product: {product}")
WRITE_THE_NUMBER_OF_PIECES = mark("Write the number of pieces in one {pack}, for example 12.")
ONLY_THE_NAME_IS_NEEDED = mark("Only the name is needed; “no” stops.")
IT_CAN_BE_ONE_OR = mark("it can be {one} or {other}; write one of them")
FOR_THE_OWNER_OR_A_BUYER = mark("{what} is for the owner or a buyer to set")
WRITE_THE_NEW_PRODUCT_IN = mark(
    "Write the new product in one line: name, price, supplier. For example:"
)
YES_REGISTER_IT = mark("Yes, register it")
A_NEW_PRODUCT_NAME = mark("A new product “{name}”?")
THE_PRICE = mark("the price")
PRICE_IS = mark("price {price}")
WRITE_NAME_PRICE_SUPPLIER = mark("write name, price, supplier")
THE_LINE = mark("the line")
FORGOTTEN_ENTRIES_SHOW_MEMBER_FROM = mark("Forgotten. Entries show {member} from now on.")
FORGET_NAME = mark(
    "Forget {name}? Access ends; name, chat and messages are erased for good. Entries stay, "
    "under {member}."
)
YES_FORGET = mark("Yes, forget")
OLD_ENTRIES_HOLD_NUMBERS = mark(
    "Entries of an older program still hold numbers of chats; “jitledger forget” on the machine "
    "erases them, too."
)
MINUTES = mark("{minutes} minutes")
SEVEN_DAYS = mark("7 days")
NO_ACCESS_ANY_MORE = mark("{name} has no access any more.")
WHICH_ROLE_ROLES = mark("Which role? {roles}")
ASK_ELSEWHERE_FOR_THE_LINK = mark(
    "Ask me for that in our own chat: here everybody could use the link."
)
SEND_THIS_TO_THE_PERSON = mark("Send this to the person; it works once, within {time}:")
ROLE_NAME_BUYER_REMOVE_NAME = mark(
    "/role NAME buyer, /remove NAME, /forget NAME, /export_person NAME, /log NAME"
)
WHOM_WRITE_THE_NAME_BEHIND = mark("Whom? Write the name behind the command; /people lists them.")
ASK_IN_OUR_OWN_CHAT = mark("Ask me for that in our own chat.")
SUPPLIER_NAME = mark("Supplier {name}")
REORDER_AT = mark("{product}: reorder at {point}")
WRITE_THE_PRODUCT_BEHIND_IT = mark("Write the product behind it, for example: {example}")
THERE_IS_ALREADY_PRODUCT_USE = mark("There is already {product}. Use it, or choose another name.")
WRITE_THE_SUPPLIER_BEHIND_IT = mark("Write the supplier behind it, for example: {example}")
PRODUCT_REORDER_POINT_QUANTITY_TO = mark(
    "Product, reorder point, quantity to order. For example: {example}"
)
AT_A_TIME = mark("{quantity} at a time")
WHICH_LIST_LISTS = mark("Which list? {lists}")
THE_LIST_IS_EMPTY = mark("The list is empty.")
