"""What operators run: bills of materials and estate files, as facts."""
