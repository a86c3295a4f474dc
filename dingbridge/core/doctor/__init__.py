"""What `dingbridge doctor` and `:checkhealth dingbridge` find: facts in, findings out."""
