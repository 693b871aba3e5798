"""What a browser makes of the HTML that this package and eli5 write."""
