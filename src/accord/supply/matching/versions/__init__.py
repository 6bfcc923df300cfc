"""Version orders: each turns a version's text into bytes whose plain order is the ecosystem's."""
