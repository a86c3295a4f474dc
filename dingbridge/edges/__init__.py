"""One module for each outside thing. None imports another, except that several run programs by
`process`; all of them speak the values of core."""
