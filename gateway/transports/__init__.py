"""How do bytes reach a partner? One module per kind of transport; none of them knows what the bytes mean.

`base` holds what all share: `Transport`, `Outgoing`, and the outcomes `Delivered`, `Deferred`, `Rejected`.
`Rejected`.
"""
