"""One module or folder for each outside thing.

None imports another, except that several run programs by `programs` and open files for their owner
only by `storage.own_files`. All of them use the values of core."""
