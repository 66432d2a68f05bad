"""Sentences of what was recorded, or asked before it is."""

from __future__ import annotations

from jitledger_bot.texts.language import mark

MORE_LINES_WAIT = mark("{n} more lines wait for their product: /later")
YOU_WROTE_THE_SAME_A = mark("You wrote the same a moment ago: “{text}”. Again?")
NO_ORDER = mark("No order")
FAR_MORE_THAN_EVER = mark(
    "{quantity} × {product}? The most that was there or ever moved is {most}. "
    "Nothing is recorded yet."
)
CORRECT_THAT_ENTRY = mark("Correct {product} of {day} from {was} to {now}? Nothing is changed yet.")
CORRECT_IT = mark("Correct it")
CAN_IT_BE_SOLD_AGAIN = mark("“{words}”: can it be sold again? Write “fine” or “damaged” behind it")
DAMAGED = mark("damaged")
IS_IT_THIS = mark("Is it this? Nothing is recorded yet.")
YES_RECORD_IT = mark("Yes, record it")
WRITE_ITS_WHOLE_NAME = mark("If it is right, write it again with the product's whole name.")
YES_SO_MANY = mark("Yes, so many")
WHICH_DAY_WRITE = mark("which day was it? Write it like 2026-11-19, or yesterday")
FROM_WHOM_WRITE = mark("from whom is it? Write the supplier above the lines: Received from Acme:")
WHICH_OF_THE_TWO_LINES = mark(
    "does the line with the star stand for the one above it? Write only the right one"
)
A_PART_IS_NOT_CLEAR = mark(
    "“{words}” is not clear to me, so nothing of this line is recorded. One line for each product, "
    "please"
)
WHICH_PACKS = mark("how many packs is it? Write the number in front of the pack: 2 boxes of …")
WHICH_KIND = mark(
    "is it another kind of the product? Write its own name or code, and nothing else behind it"
)
UNKNOWN_SUPPLIER = mark(
    "I do not know the supplier “{name}” (known: {known}). Write one of these, or leave it out"
)
IT_WAS_BEFORE_THE_COUNT = mark("It was before the count")
HELP_SHOWS_MORE = mark("/help shows more.")
TAKEN_OFF_WHAT_WAS_COUNTED = mark("Taken off what was just counted.")
I_DID_NOT_UNDERSTAND_THIS = mark("I did not understand this. For example: received 24 blue mug")
OR_WAS_IT_FOR_ANOTHER = mark("Or was it for another order?")
YES_AGAIN = mark("Yes, again")
WHERE_TO_FOR_EXAMPLE_MOVED = mark("where to? For example: moved 8 MUG to shop")
LINE_NOT_UNDERSTOOD = mark("I did not understand this line")
I_DO_NOT_KNOW_TYPED = mark("I do not know “{typed}” ({quantity}). Which is it?")
ALREADY_RECORDED_ENTRIES = mark("Already recorded: {entries}.")
HOW_MANY_PRODUCT_DOES_ONE = mark("How many {product} does one {pack} hold?")
COUNT_FIRST_NOTHING_WAS_RECEIVED = mark("count first, nothing was received or counted yet")
BELOW_ZERO_A_RECEIPT_NOT = mark("Below zero: a receipt not entered? Count?")
ANSWER = mark("Answer")
KEEP_FOR_LATER = mark("Keep for later")
TO_COME = mark("{quantity} to come")
FOR_ORDER_ORDER_MORE = mark("for order {order}, {more}")
FOR_ORDER_ORDER_COMPLETE = mark("for order {order}, complete")
ONE_LINE_FOR_EACH_PRODUCT = mark("one line for each product, please")
WHAT_DOES_IT_MEAN = mark(
    "what about “{words}”? Write one line for each thing that happened, and nothing else in it"
)
WRITE_ONE_THING = mark(
    "“{words}” is more than a product's name. Write one line for each thing: sold 3 blue mug"
)
A_SUM_FOR_SEVERAL = mark("a sum for several products: write one line for each, with its own price")
NOT_WHAT_HAPPENED = mark(
    "I record what has happened; this sounds like a plan, a wish or a correction. What happened? "
    "For example: sold 3 {example}"
)
WHAT_HAPPENED_TO = mark(
    "What happened to {products}? For example: sold 3 {example}, received 3 {example}, "
    "count {example} 3"
)
FOUND_OR_GONE = mark("Found, or gone? Write +3 or −3, or what happened: found, given away, stolen.")
