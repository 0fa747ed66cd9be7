"""The workspace folder: immutable Parquet, one current run, the record book."""
