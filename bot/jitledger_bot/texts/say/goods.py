"""Sentences of orders, deliveries, counts and photos."""

from __future__ import annotations

from jitledger_bot.texts.language import mark, several

PRODUCTS = mark("products")
COUNTS = mark("counts")
RECEIPTS = mark("receipts")
SALES = mark("sales")
SUPPLIERS = mark("suppliers")
I_READ_TABLES_AS_CSV = mark(
    "I read tables (.csv, .xlsx, .ods) and PDF files with text; “{name}” is something else."
)
TAKING_IT_IN = mark("Taking it in")
ALL_WERE_RECORDED = several(
    "Its one row was recorded before; nothing is recorded now.",
    "All its {n} rows were recorded before; nothing is recorded now.",
)
TAKING_IT_IN_NOW = mark("Taking it in …")
THIS_FILE_IS_OVER_20 = mark(
    "This file is over 20 MB; take it in with: jitledger import FORMAT FILE"
)
I_DO_NOT_SEE_WHAT = mark(
    "I do not see what “{name}” holds (columns {columns}). Every table needs a code "
    "(sku); counts, receipts and sales need a quantity (qty)."
)
THIS_TABLE_IS_FOR_THE = mark("This table is for the owner or a buyer to send ({form}).")
WHICH_COLUMN = mark("Which column of “{name}” is {field}?")
THE_CODE = mark("the product's code")
THE_QUANTITY = mark("the quantity")
THE_DAY = mark("the day")
THE_SUPPLIER = mark("the supplier")
COLUMN_IS = mark("“{column}” is {field}")
AS_LAST_TIME = mark("Read as last time: {columns}.")
READ_IT_ANEW = mark("Ask me again")
COLUMNS_I_DO_NOT_READ = mark("Columns I do not read: {columns}")
HOW_IS_IT_WRITTEN = mark("How are numbers and dates written in this file? It has “{value}”.")
THE_DAY_IS_FIRST = mark("the day stands first")
THE_MONTH_IS_FIRST = mark("the month stands first")
THE_POINT_IS_DECIMAL = mark("the point is the decimal sign: 1.25")
THE_COMMA_IS_DECIMAL = mark("the comma is the decimal sign: 1,25")
LEFT_OUT = mark("Left out: {rows}")
LINE = mark("line")
REASON = mark("reason")
LINE_NUMBER = mark("line {n}")
HOW_MANY_ARE_THERE = mark("how many are there?")
ALL_AS_LISTED = mark("all as listed")
THERE_ARE_NO_PRODUCTS_YET = mark("There are no products yet. Write one: /new Blue mug, 9.50, Acme")
TOO_MANY_FOR_ONE_ROUND = mark(
    "{n} products are too many for one round. Name a category or a word: /count mug"
)
END = mark("End")
NOTHING_WAS_COUNTED = mark("Nothing was counted.")
AS_LISTED = mark("{quantity}, as listed")
SKIP = mark("Skip")
FIRST_COUNT = mark("first count")
TAKE_THE_BARCODE_CLOSER_AND = mark(
    "Take the barcode closer and straight, or write what it is: received 24 MUG"
)
NO_BARCODE = mark("no barcode")
SEVERAL_BARCODES = mark("{n} barcodes ({codes})")
I_KNOW_NO_PRODUCT_WITH = mark("I know no product with the code “{code}”.")
NO_PHOTO_IS_KEPT_WITH = mark("No photo is kept with {entry}.")
WHICH_ENTRY_FOR_EXAMPLE_EXAMPLE = mark("Which entry? For example: {example}")
I_SEE_WHAT_IN_THIS = mark("I see {what} in this photo.")
NEW_SUPPLIER_EXAMPLE = mark("/new_supplier Acme, 7 days")
THIS_PRODUCT_HAS_NO_SUPPLIER = mark("This product has no supplier yet. For example: {example}")
DRAFTED = mark("Drafted")
WHICH_ORDER_FOR_EXAMPLE_EXAMPLE = mark("Which order? For example: {example}")
CHANGE_A_LINE_EXAMPLE = mark("Change a line: {example}")
A_DRAFT_WAITS_ALREADY = mark("A draft waits already.")
COUNTED_FOR_ORDER_ORDER = mark("Counted for order {order}.")
PLACE = mark("✓ Place")
DISCARD = mark("✗ Discard")
COUNTED_FOR_NO_ORDER = mark("Counted for no order.")
EVERYTHING_CAME = mark("Everything came")
REST_IS_NOT_COMING = mark("Rest is not coming")
A_WEEK_LATER = mark("A week later")
TEXT_FOR_THE_SUPPLIER = mark("Text for the supplier")
ROWS_CAN_BE_TAKEN = several(
    "<b>{good}</b> of {n} row can be taken ({form})",
    "<b>{good}</b> of {n} rows can be taken ({form})",
)
ROWS_RECORDED = several(
    "<b>{recorded}</b> of {n} row recorded, {repeated} were recorded before, {bad} not taken.",
    "<b>{recorded}</b> of {n} rows recorded, {repeated} were recorded before, {bad} not taken.",
)
WHAT_ARE_ITS_ROWS = several(
    "“{name}” has {n} row. What is it?",
    "“{name}” has {n} rows. What are they?",
)
TAKE_ROWS = several(
    "Take {n} row",
    "Take {n} rows",
)
TAKE_THE_ROW = several(
    "Take the row",
    "Take all {n} rows",
)
COUNTED = several(
    "<b>{n}</b> counted",
    "<b>{n}</b> counted",
)
DIFFER = several(
    "{n} differs",
    "{n} differ",
)
WHAT_IT_CHANGES = mark("What it changes:")
NOTHING_TO_ORDER_NOW = mark("What is due there is late or can be moved; nothing is ordered now.")
