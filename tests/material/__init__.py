"""What many tests share: small suites, networks, records and methods of their own."""
