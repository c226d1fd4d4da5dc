"""How fast is the gateway, measured so that anyone can measure it again?"""
