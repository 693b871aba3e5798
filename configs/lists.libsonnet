// External variables are strings. A list is given as JSON, ["a", "b"], or with commas, a, b.
{
  parse(text)::
    if std.startsWith(std.stripChars(text, ' '), '[')
    then std.parseJson(text)
    else [std.stripChars(name, ' ') for name in std.split(text, ',')],
}
