/* preview_page_test.c: heads of pages, good and bad. */
#include "provider/linked/preview_page.h"

#include "base/test.h"

static struct preview_page read_page(const char *html, const char *type)
{
	struct preview_page page;

	(void)!preview_page_read(test_arena(), bytes_of(str_of(html)), str_of(type), &page);
	return page;
}

TEST(opengraph_goes_before_the_plain_words)
{
	struct preview_page p = read_page(
		"<!doctype html><html><head><title>Plain</title>"
		"<meta name=description content='plain words'>"
		"<META PROPERTY=\"og:title\" CONTENT=\"A &amp; B\">"
		"<meta content=\"all  of\n it\" property=\"og:description\"/>"
		"<meta property=og:image content=/a.png></head><body>",
		"text/html");

	EXPECT_STR(p.title, "A & B");
	EXPECT_STR(p.description, "all of it");
	EXPECT_STR(p.image, "/a.png");
}

TEST(a_page_without_opengraph_has_its_title)
{
	struct preview_page p = read_page("<title>\n Hello &#8211; W&#xF6;rld &nope; &\n</title>",
		"text/html");

	EXPECT_STR(p.title, "Hello \xE2\x80\x93 W\xC3\xB6rld &nope; &");
	EXPECT_STR(p.description, "");
}

TEST(comments_scripts_and_bodies_say_nothing)
{
	struct preview_page p = read_page("<!-- <title>no</title> --><script>\"<title>no</title>\""
					  "</script><style><title>no</title></style></head>"
					  "<title>no</title>",
		"");

	EXPECT_STR(p.title, "");
}

TEST(charsets_are_converted)
{
	EXPECT_STR(read_page("<title>Gr\xFC\xDF"
			     "e</title>",
			   "text/html; charset=iso-8859-1")
			   .title,
		"Gr\xC3\xBC\xC3\x9F"
		"e");
	EXPECT_STR(read_page("<meta charset=\"windows-1252\"><title>\x80 5</title>", "text/html")
			   .title,
		"\xE2\x82\xAC 5");
	EXPECT_STR(read_page("<meta charset=no-such><title>x</title>", "text/html").title, "x");
}

TEST(what_is_long_is_cut_at_a_sign)
{
	struct buf b = buf_in(test_arena(), 4096);
	struct preview_page p;

	buf_str(&b, S("<title>"));
	for (size_t i = 0; i < 500; i++)
		buf_str(&b, S("\xC3\xA9"));
	EXPECT(preview_page_read(test_arena(), buf_bytes(&b), S(""), &p));
	EXPECT_INT(p.title.len, 2 * PREVIEW_TITLE_MAX);
}

TEST(halves_of_tags_are_no_harm)
{
	static const char *const bad[] = { "<", "<meta", "<meta property", "<meta property=",
		"<meta property=\"og:title", "<meta = = = x", "<title", "<!--", "</", "<a b='" };

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		EXPECT_STR(read_page(bad[i], "").title, "");
}

TEST(addresses_are_seen_from_the_page)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "https://b.example/x", "https://b.example/x" },
		{ "//c.example/y", "https://c.example/y" },
		{ "/z.png", "https://a.example/z.png" },
		{ "z.png", "https://a.example/news/z.png" },
		{ "data:image/png;base64,AA", NULL },
		{ "javascript:x", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		EXPECT(str_is(preview_address(test_arena(), S("https://a.example/news/1?q=/x"),
				      str_of(rows[i].text)),
			str_of(rows[i].want)));
	EXPECT_STR(preview_address(test_arena(), S("http://a.example"), S("z.png")),
		"http://a.example/z.png");
}
