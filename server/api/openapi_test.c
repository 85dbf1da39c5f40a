/* openapi_test.c: openapi.yaml and the routes say the same, in both directions. */
#include "account/webhook.h"
#include "api/handlers.h"
#include "api/openapi.h"
#include "base/test.h"

#include <stdio.h>

#define BASE "/api/v1"
#define GRAPH "/graph/v{version}"

static const char *const methods[HTTP_METHODS] = {
	[HTTP_GET] = "get",
	[HTTP_HEAD] = "head",
	[HTTP_POST] = "post",
	[HTTP_PUT] = "put",
	[HTTP_PATCH] = "patch",
	[HTTP_DELETE] = "delete",
	[HTTP_OPTIONS] = "options",
};

static json description(void)
{
	json root;

	EXPECT_OK(json_read(test_arena(), (str){ openapi_json, openapi_json_size }, &root, NULL));
	return root;
}

static str permission_word(uint64_t permission)
{
	for (int i = 0; i < PERMISSION_COUNT; i++)
		if (permission == 1ull << i)
			return str_of(permission_name((enum permission_index)i));
	return permission == PERMIT_PUBLIC      ? S("public")
	       : permission == PERMIT_SIGNED_IN ? S("signed-in")
	       : permission == PERMIT_SERVER_ADMIN ? S("server-admin")
	                                        : S("none");
}

/* How the description names the route: under /api/v1 without that; the Graph-shaped API with its
 * version, which stands for its other two addresses. STR_NONE: it is not described. */
static str described_path(const struct route *route)
{
	str pattern = str_of(route->pattern);

	if (str_starts(pattern, S(GRAPH "/")))
		return pattern;
	return str_starts(pattern, S(BASE "/")) && route->handler != api_missing
	               ? str_part(pattern, sizeof BASE - 1, SIZE_MAX)
	               : STR_NONE;
}

static const struct route *route_of(str path, const char *method)
{
	for (size_t i = 0; i < api_route_count; i++)
		if (str_is(described_path(&api_routes[i]), path) &&
			strcmp(methods[api_routes[i].method], method) == 0)
			return &api_routes[i];
	return NULL;
}

static bool is_method(str word)
{
	for (int i = 0; i < HTTP_METHODS; i++)
		if (str_is(word, str_of(methods[i])))
			return true;
	return false;
}

/* Is the operation a route with the same permission? */
static int judge(str path, str method, json operation)
{
	const struct route *route = route_of(path, arena_cstr(test_arena(), method));
	str want = json_text_at(operation, "x-permission");

	if (route && str_is(permission_word(route->permission), want))
		return 0;
	fprintf(stderr,
		"openapi.yaml has " STR_F " " STR_F " for \"" STR_F "\"; routes.c %s " STR_F "\n",
		STR_A(method), STR_A(path), STR_A(want), route ? "says" : "has it not",
		STR_A(route ? permission_word(route->permission) : S("")));
	return 1;
}

TEST(every_operation_is_a_route_with_its_permission)
{
	json paths = json_field(description(), "paths");
	int wrong = 0;

	EXPECT(json_count(paths) > 25);
	for (void *at = json_first(paths); at; at = json_next(paths, at)) {
		json item = json_member_value(at);

		for (void *op = json_first(item); op; op = json_next(item, op))
			if (is_method(json_member_name(op)))
				wrong += judge(json_member_name(at), json_member_name(op),
					json_member_value(op));
	}
	EXPECT_INT(wrong, 0);
}

TEST(every_route_of_the_api_is_described)
{
	json paths = json_field(description(), "paths");
	int missing = 0;

	for (size_t i = 0; i < api_route_count; i++) {
		const struct route *route = &api_routes[i];
		str path = described_path(route);

		if (!path.ptr || json_field(json_field(paths, path.ptr), methods[route->method]))
			continue;
		fprintf(stderr, "openapi.yaml lacks %s " STR_F "\n", methods[route->method],
			STR_A(path));
		missing++;
	}
	EXPECT_INT(missing, 0);
}

TEST(the_words_of_permissions_and_roles_are_those_of_the_code)
{
	json schemas = json_path(description(), "components.schemas"),
	     list = json_path(schemas, "Permission.enum");
	uint64_t bit, all = 0;
	enum role role;

	for (size_t i = 0; i < json_count(list); i++) {
		EXPECT(permission_parse(json_text(json_at(list, i)), &bit));
		all |= bit;
	}
	EXPECT(all == (1ull << PERMISSION_COUNT) - 1);
	list = json_path(schemas, "Role.enum");
	EXPECT_INT(json_count(list), ROLES);
	for (size_t i = 0; i < json_count(list); i++)
		EXPECT(role_parse(json_text(json_at(list, i)), &role));
}

/* The type that an event's body is said to have. */
static str described_type(json webhook)
{
	return json_text_at(webhook,
		"post.requestBody.content.application/json.schema.properties.type.const");
}

TEST(every_event_that_webhooks_are_told_is_described_and_no_other)
{
	json root = description(), webhooks = json_field(root, "webhooks");
	json list = json_path(root, "components.schemas.WebhookEventType.enum");
	enum webhook_kind kind;
	int wrong = 0;

	EXPECT_INT(json_count(webhooks), WEBHOOK_KIND_COUNT);
	for (int i = 0; i < WEBHOOK_KIND_COUNT; i++) {
		const char *name = webhook_kind_name((enum webhook_kind)i);

		if (!str_is(described_type(json_field(webhooks, name)), str_of(name)) &&
			++wrong)
			fprintf(stderr, "openapi.yaml: webhooks lacks %s\n", name);
	}
	EXPECT_INT(wrong, 0);
	/* Those that can be asked for: all but the test, which comes unasked. */
	EXPECT_INT(json_count(list), WEBHOOK_KIND_COUNT - 1);
	for (size_t i = 0; i < json_count(list); i++)
		EXPECT(webhook_kind_parse(json_text(json_at(list, i)), &kind) &&
			kind != WEBHOOK_WEBHOOK_TEST);
}

TEST(an_unknown_address_is_404_and_a_wrong_method_405)
{
	struct response res = { .head = buf_in(test_arena(), 4096),
		.body = buf_in(test_arena(), 4096) };
	struct request req = { .method = HTTP_GET, .target = S(BASE "/nothing/here?x=1") };
	struct job job;

	job_init(&job, "test", test_arena(), NULL);
	EXPECT_ERR(api_missing(&job, &req, &res), ERR_MISSING);
	req.target = S(BASE "/workspace");
	req.method = HTTP_DELETE;
	EXPECT_ERR(api_missing(&job, &req, &res), ERR_INPUT);
	EXPECT_INT(problem_status(&job, ERR_INPUT), 405);
	EXPECT(str_has(buf_text(&res.head), S("Allow: GET, PATCH\r\n")));
}

/* Each operation of the Graph-shaped API has its three addresses, all with one permission. */
TEST(the_graph_shaped_api_answers_without_a_version_and_at_the_root)
{
	for (size_t i = 0; i < api_route_count; i++) {
		const struct route *route = &api_routes[i];

		if (!str_starts(str_of(route->pattern), S(GRAPH "/")))
			continue;
		EXPECT(i + 2 < api_route_count);
		for (size_t k = 1; k <= 2; k++) {
			EXPECT(route[k].handler == route->handler);
			EXPECT(route[k].permission == route->permission);
			EXPECT(route[k].method == route->method);
			EXPECT(str_ends(str_of(route[k].pattern),
				str_of(route->pattern + sizeof GRAPH - 1)));
		}
	}
}
