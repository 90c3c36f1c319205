"""Cards of other people's pages: what X and Facebook show of an address that leads away from us."""
