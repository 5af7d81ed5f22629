"""The only importer of azure: reads and writes scale sets through Azure Resource Manager, in Azure's own words.

`clouds` is light (no azure); `client.connect` gives an `Azure` of `vmss_tui.ports`. Everything raised from here is a
`vmss_tui.errors` error.
"""
