"""Files from addresses: public ones only, of bounded size, whole or not at all."""
