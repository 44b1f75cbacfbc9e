"""What is prepared from outside for the next Start: the file `next.json`, from the page to the treatment.

Law: what an order is, how it is written and read, how long it is valid and what it may ask for is known here
and nowhere else. `file` is light, for who only passes an order on; `judgement` holds it to its limits; and
what each person may be given now, whatever was prepared for them, is the file of `allowed`.
"""
