// The page says which language it is in, which screen readers and hyphenation go by.
document.documentElement.lang = LANGUAGE;
document.title = text("name");
