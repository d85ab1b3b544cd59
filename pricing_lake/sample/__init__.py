"""The generated SmartGo shop: openly synthetic sales, planted dirt and drawn pictures, for `sample` and `demo`."""
