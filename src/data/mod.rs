//! What data layers read while the net is built: the shape of the first record of a database, a list or a file.
