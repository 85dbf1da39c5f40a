/* phone.c: the page that shows customers' phones; its files stand in phone/ and are built in. */
#include "provider/sandbox/sandbox_internal.h"

#define POLICY                                                                                 \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data: " \
	"https:; media-src 'self' blob: https:; "                                              \
	"connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

static const struct sandbox_page *find(str name)
{
	for (size_t i = 0; i < sandbox_page_count; i++)
		if (str_is(name, str_of(sandbox_pages[i].name)))
			return &sandbox_pages[i];
	return NULL;
}

enum err phone_page(struct job *job, const struct request *req, struct response *res)
{
	str name = req->params[0];
	const struct sandbox_page *page = find(name.len ? name : S("phone.html"));

	(void)job;
	if (!page) {
		res->status = 404;
		buf_str(&res->body, S("{\"error\":\"There is no such page.\"}"));
		return OK;
	}
	res->type = str_of(page->type);
	res->static_body = page->data;
	res->static_size = page->size;
	response_header(res, S("Content-Security-Policy"), S(POLICY));
	response_header(res, S("X-Content-Type-Options"), S("nosniff"));
	response_header(res, S("Cache-Control"), S("no-cache"));
	return OK;
}
