/* tls.c: TLS contexts of both sides: 1.2 up, no renegotiation, no compression. */
#include "net/loop_internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

static SSL_CTX *context_of(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	if (!context)
		return NULL;
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
	                                     SSL_OP_IGNORE_UNEXPECTED_EOF |
	                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* Idle connections give their buffers back, and a queue may move what it retries to write.
	 */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return context;
}

SSL_CTX *tls_server_context(const char *certificate, const char *key)
{
	SSL_CTX *context = context_of(TLS_server_method());

	if (context && SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_check_private_key(context) == 1)
		return context;
	ERR_clear_error();
	SSL_CTX_free(context);
	return NULL;
}

SSL_CTX *tls_client_context(void)
{
	SSL_CTX *context = context_of(TLS_client_method());

	if (!context)
		return NULL;
	SSL_CTX_set_default_verify_paths(context);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return context;
}

SSL *tls_client_connection(SSL_CTX *context, const char *host)
{
	SSL *ssl = context ? SSL_new(context) : NULL;

	if (!ssl)
		return NULL;
	SSL_set_connect_state(ssl);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* A certificate names an address in a field of its own, and SNI has none. */
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 ||
	    (SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1))
		return ssl;
	SSL_free(ssl);
	return NULL;
}
