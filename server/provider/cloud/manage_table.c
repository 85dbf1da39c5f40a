/*
 * manage_table.c: the management calls of the Cloud API, a row each (docs/protocol/cloud-api.md §4,
 * §5, §12; tests/data/cloud-management.json).
 *
 * Templates, media and the business profile are not here when Parley keeps them itself; the rows
 * that ask for them show what Meta has.
 */
#include "provider/cloud/cloud_internal.h"

#define PIN_SIZE 6
#define PREFILLED_MAX 140
#define ID_MAX 64

#define FIELDS { .name = "fields", .place = IN_QUERY, .max = 1000 }
#define PAGE                                                             \
	{ .name = "limit", .kind = MANAGE_DIGITS, .place = IN_QUERY, .max = 4 }, \
		{ .name = "after", .place = IN_QUERY, .max = 1000 },     \
	{                                                                \
		.name = "before", .place = IN_QUERY, .max = 1000         \
	}
#define ID_IN_PATH(name_)                                                         \
	{                                                                         \
		.name = name_, .place = IN_PATH, .required = true, .max = ID_MAX \
	}
#define PIN                                                                        \
	{                                                                          \
		.name = "pin", .kind = MANAGE_DIGITS, .required = true,            \
		.min = PIN_SIZE, .max = PIN_SIZE                                   \
	}

const struct manage_call cloud_manage_calls[] = {
	/* ---- the number ---- */
	{ "number.get", HTTP_GET, "{number}", 0, { FIELDS } },
	{ "number.request_code", HTTP_POST, "{number}/request_code", 0,
		{ { .name = "code_method", .required = true, .max = 10 },
			{ .name = "locale", .max = 10 }, { .name = "language", .max = 10 } } },
	{ "number.verify_code", HTTP_POST, "{number}/verify_code", MANAGE_SECRET | MANAGE_STATE,
		{ { .name = "code", .kind = MANAGE_DIGITS, .required = true, .max = 10 } } },
	{ "number.register", HTTP_POST, "{number}/register",
		MANAGE_PRODUCT | MANAGE_SECRET | MANAGE_STATE,
		{ PIN, { .name = "data_localization_region", .min = 2, .max = 2 },
			{ .name = "backup", .kind = MANAGE_MAP } } },
	{ "number.deregister", HTTP_POST, "{number}/deregister", MANAGE_STATE, { { 0 } } },
	{ "number.set_pin", HTTP_POST, "{number}", MANAGE_SECRET | MANAGE_STATE, { PIN } },
	{ "number.set_name", HTTP_POST, "{number}", MANAGE_PRODUCT | MANAGE_STATE,
		{ { .name = "new_display_name", .required = true, .min = 1, .max = 512 } } },
	{ "settings.get", HTTP_GET, "{number}/settings", 0, { { 0 } } },
	{ "settings.set", HTTP_POST, "{number}/settings", 0,
		{ { .name = "calling", .kind = MANAGE_MAP },
			{ .name = "user_identity_change", .kind = MANAGE_MAP },
			{ .name = "payload_encryption", .kind = MANAGE_MAP },
			{ .name = "storage_configuration", .kind = MANAGE_MAP } } },
	{ "profile.get", HTTP_GET, "{number}/whatsapp_business_profile", 0, { FIELDS } },
	{ "commerce.get", HTTP_GET, "{number}/whatsapp_commerce_settings", 0, { { 0 } } },
	{ "commerce.set", HTTP_POST, "{number}/whatsapp_commerce_settings", 0,
		{ { .name = "is_cart_enabled", .kind = MANAGE_FLAG, .place = IN_QUERY },
			{ .name = "is_catalog_visible",
				.kind = MANAGE_FLAG,
				.place = IN_QUERY } } },
	{ "automation.get", HTTP_GET, "{number}/conversational_automation", 0, { { 0 } } },
	{ "automation.set", HTTP_POST, "{number}/conversational_automation", 0,
		{ { .name = "enable_welcome_message", .kind = MANAGE_FLAG },
			{ .name = "prompts", .kind = MANAGE_LIST, .max = 4 },
			{ .name = "commands", .kind = MANAGE_LIST, .max = 30 } } },
	{ "encryption.get", HTTP_GET, "{number}/whatsapp_business_encryption", 0, { { 0 } } },
	{ "encryption.set", HTTP_POST, "{number}/whatsapp_business_encryption", MANAGE_FORM,
		{ { .name = "business_public_key", .required = true, .min = 1 } } },
	{ "username.get", HTTP_GET, "{number}/username", 0, { { 0 } } },
	{ "username.suggestions", HTTP_GET, "{number}/username_suggestions", 0, { { 0 } } },
	{ "username.set", HTTP_POST, "{number}/username", 0,
		{ { .name = "username", .required = true, .min = 3, .max = 35 } } },
	{ "username.delete", HTTP_DELETE, "{number}/username", 0, { { 0 } } },
	{ "blocked.list", HTTP_GET, "{number}/block_users", 0, { PAGE } },

	/* ---- QR codes and short links ---- */
	{ "qr.list", HTTP_GET, "{number}/message_qrdls", 0,
		{ FIELDS, { .name = "code", .place = IN_QUERY, .max = 32 } } },
	{ "qr.get", HTTP_GET, "{number}/message_qrdls/{code}", 0, { ID_IN_PATH("code"), FIELDS } },
	{ "qr.create", HTTP_POST, "{number}/message_qrdls", 0,
		{ { .name = "prefilled_message", .required = true, .min = 1, .max = PREFILLED_MAX },
			{ .name = "generate_qr_image", .max = 20 } } },
	{ "qr.edit", HTTP_POST, "{number}/message_qrdls", 0,
		{ { .name = "prefilled_message", .required = true, .min = 1, .max = PREFILLED_MAX },
			{ .name = "code", .required = true, .max = 32 } } },
	{ "qr.delete", HTTP_DELETE, "{number}/message_qrdls/{code}", 0, { ID_IN_PATH("code") } },

	/* ---- the account ---- */
	{ "account.get", HTTP_GET, "{account}", 0, { FIELDS } },
	{ "account.numbers", HTTP_GET, "{account}/phone_numbers", 0, { FIELDS, PAGE } },
	{ "account.add_number", HTTP_POST, "{account}/phone_numbers", 0,
		{ { .name = "country_code", .kind = MANAGE_DIGITS, .required = true, .max = 4 },
			{ .name = "phone_number",
				.kind = MANAGE_DIGITS,
				.required = true,
				.max = 15 },
			{ .name = "verified_name", .required = true, .min = 1, .max = 512 } } },
	{ "account.owned", HTTP_GET, "{business_id}/owned_whatsapp_business_accounts", 0,
		{ ID_IN_PATH("business_id"), PAGE } },
	{ "account.shared", HTTP_GET, "{business_id}/client_whatsapp_business_accounts", 0,
		{ ID_IN_PATH("business_id"), PAGE } },
	{ "business.get", HTTP_GET, "{business_id}", 0, { ID_IN_PATH("business_id"), FIELDS } },
	{ "business.credit_lines", HTTP_GET, "{business_id}/extendedcredits", 0,
		{ ID_IN_PATH("business_id") } },
	{ "subscription.list", HTTP_GET, "{account}/subscribed_apps", 0, { { 0 } } },
	{ "subscription.add", HTTP_POST, "{account}/subscribed_apps", MANAGE_SECRET,
		{ { .name = "override_callback_uri", .max = 200 },
			{ .name = "verify_token", .max = 256 } } },
	{ "subscription.remove", HTTP_DELETE, "{account}/subscribed_apps", 0, { { 0 } } },

	/* ---- templates and media, as Meta has them ---- */
	{ "template.list", HTTP_GET, "{account}/message_templates", 0,
		{ FIELDS, { .name = "name", .place = IN_QUERY, .max = 512 },
			{ .name = "status", .place = IN_QUERY, .max = 40 }, PAGE } },
	{ "template.get", HTTP_GET, "{template_id}", 0, { ID_IN_PATH("template_id"), FIELDS } },
	{ "template.unpause", HTTP_POST, "{template_id}/unpause", 0,
		{ ID_IN_PATH("template_id") } },
	{ "media.get", HTTP_GET, "{media_id}?phone_number_id={number}", 0,
		{ ID_IN_PATH("media_id") } },
	{ "media.delete", HTTP_DELETE, "{media_id}/?phone_number_id={number}", 0,
		{ ID_IN_PATH("media_id") } },

	/* ---- Flows ---- */
	{ "flow.list", HTTP_GET, "{account}/flows", 0, { PAGE } },
	{ "flow.get", HTTP_GET, "{flow_id}", 0, { ID_IN_PATH("flow_id"), FIELDS } },
	{ "flow.create", HTTP_POST, "{account}/flows", MANAGE_FORM,
		{ { .name = "name", .required = true, .min = 1, .max = 200 },
			{ .name = "categories", .kind = MANAGE_LIST, .min = 1, .max = 20 },
			{ .name = "clone_flow_id", .max = ID_MAX },
			{ .name = "endpoint_uri", .max = 2000 },
			{ .name = "flow_json", .max = 1u << 20 },
			{ .name = "publish", .kind = MANAGE_FLAG } } },
	{ "flow.change", HTTP_POST, "{flow_id}", MANAGE_FORM,
		{ ID_IN_PATH("flow_id"), { .name = "name", .max = 200 },
			{ .name = "categories", .kind = MANAGE_LIST, .max = 20 },
			{ .name = "endpoint_uri", .max = 2000 },
			{ .name = "application_id", .max = ID_MAX } } },
	{ "flow.migrate", HTTP_POST, "{account}/migrate_flows", MANAGE_FORM,
		{ { .name = "source_waba_id", .required = true, .max = ID_MAX },
			{ .name = "source_flow_names", .kind = MANAGE_LIST, .max = 100 } } },
	{ "flow.assets", HTTP_GET, "{flow_id}/assets", 0, { ID_IN_PATH("flow_id") } },
	{ "flow.set_json", HTTP_POST, "{flow_id}/assets", MANAGE_FORM,
		{ ID_IN_PATH("flow_id"), { .name = "file", .required = true, .max = 1u << 20 },
			{ .name = "name", .max = 100 }, { .name = "asset_type", .max = 40 } } },
	{ "flow.publish", HTTP_POST, "{flow_id}/publish", 0, { ID_IN_PATH("flow_id") } },
	{ "flow.deprecate", HTTP_POST, "{flow_id}/deprecate", 0, { ID_IN_PATH("flow_id") } },
	{ "flow.delete", HTTP_DELETE, "{flow_id}", 0, { ID_IN_PATH("flow_id") } },
};
_Static_assert(COUNT_OF(cloud_manage_calls) == CLOUD_MANAGE_COUNT,
	"cloud_internal.h counts the rows");
