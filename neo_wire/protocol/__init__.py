"""AWS JSON 1.0 and 1.1: encoding, decoding, validation and errors, as pure functions compiled once a class."""
