/* mail_test.c: what leaves, octet by octet; the way to a server is tests/api/notices.test.mjs. */
#include "net/mail.h"

#include "base/test.h"
#include "crypto/crypto.h"

static str written(const struct mail *mail)
{
	struct buf *out = ARENA_NEW(test_arena(), struct buf);
	struct job job;

	*out = buf_in(test_arena(), MAIL_SIZE_MAX);
	crypto_init();
	job_init(&job, "test", test_arena(), NULL);
	job.now_ms = 1767225600000; /* 1 January 2026 */
	mail_write(&job, mail, S("parley@shop.example"), out);
	job_release(&job);
	return buf_text(out);
}

TEST(a_mail_has_both_alternatives_and_a_way_out)
{
	str text = written(&(struct mail){ .to = S("ana@example.com"), .to_name = S("Ana"),
		.subject = S("2 conversations wait"), .text = S("plain"), .html = S("<p>rich</p>"),
		.unsubscribe_url = S("https://shop.example/u?t=1") });

	EXPECT(str_starts(text, S("Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n")));
	EXPECT(str_has(text, S("From: Parley <parley@shop.example>\r\n")));
	EXPECT(str_has(text, S("To: =?UTF-8?B?QW5h?= <ana@example.com>\r\n")));
	EXPECT(str_has(text, S("Subject: =?UTF-8?B?MiBjb252ZXJzYXRpb25zIHdhaXQ=?=\r\n")));
	EXPECT(str_has(text, S("List-Unsubscribe: <https://shop.example/u?t=1>\r\n")));
	EXPECT(str_has(text, S("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")));
	EXPECT(str_has(text,
		S("text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
		  "cGxhaW4=\r\n")));
	EXPECT(str_has(text, S("PHA+cmljaDwvcD4=\r\n")));
	EXPECT(str_has(text, S("@shop.example>\r\n")));
}

TEST(a_name_with_a_line_break_makes_no_header)
{
	str text = written(&(struct mail){ .to = S("ana@example.com"),
		.to_name = S("Ana\r\nBcc: eve@example.com"), .subject = S("x\r\nX-Evil: 1"),
		.text = S("a"), .html = S("b") });

	EXPECT(!str_has(text, S("Bcc")));
	EXPECT(!str_has(text, S("X-Evil")));
}

TEST(a_long_subject_is_cut_between_letters)
{
	str text = written(&(struct mail){ .to = S("a@b"), .to_name = S("A"),
		.subject = S("ééééééééééééééééééééééééééééé"), .text = S("a"), .html = S("b") });

	EXPECT(str_has(text, S("?=\r\n =?UTF-8?B?")));
	while (text.len) {
		str line = str_split(&text, '\n');

		EXPECT(line.len <= 78);
	}
}

TEST(an_address_is_one_address)
{
	EXPECT(mail_is_address(S("ana.b+c@example.co.id")));
	EXPECT(!mail_is_address(S("ana@b@c")));
	EXPECT(!mail_is_address(S("ana@example.com, eve@example.com")));
	EXPECT(!mail_is_address(S("ana@example.com\r\nX: y")));
	EXPECT(!mail_is_address(S("<ana@example.com>")));
	EXPECT(!mail_is_address(S("@example.com")));
	EXPECT(!mail_is_address(S("ana@")));
}
