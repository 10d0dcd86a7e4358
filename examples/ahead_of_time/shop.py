"""A plain Python program: `quotes` was written in Dana, but here it is a module like any other."""

import json
import sys
from pathlib import Path

from quotes import quote, summary

ORDERS = Path(__file__).parent / "orders.json"


def main():
    orders = json.loads(ORDERS.read_text(encoding="utf-8"))
    for order in orders:
        print(f"{order['customer']}: {summary(order)}")
    print(f"all orders: {sum(quote(order)['total'] for order in orders):.2f}")
    print(f"danac loaded: {'danac' in sys.modules}")


if __name__ == "__main__":
    main()
