"""Numbers, without torch: how far outputs are from eager's, how sure a latency is, which limits are broken."""
