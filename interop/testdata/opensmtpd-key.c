/*
 * Loaded in front of libssl into OpenSMTPD 6.8, which otherwise cannot answer a
 * TLS handshake where it was built with OpenSSL 3 (its issue 1171; Debian 12).
 *
 * The process that speaks TLS has no private key: it asks another one, by a name
 * that it hangs on the RSA or EC key of its certificate. With OpenSSL 3 those are
 * copies for show, and the name is lost. Here the copy, name and all, becomes the
 * key that is used. Nothing else of the server is touched.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

typedef struct ssl_ctx_st SSL_CTX;
typedef struct evp_pkey_st EVP_PKEY;
typedef struct rsa_st RSA;
typedef struct ec_key_st EC_KEY;

EVP_PKEY *EVP_PKEY_new(void);
void EVP_PKEY_free(EVP_PKEY *);
const RSA *EVP_PKEY_get0_RSA(const EVP_PKEY *);
const EC_KEY *EVP_PKEY_get0_EC_KEY(const EVP_PKEY *);
int EVP_PKEY_set1_RSA(EVP_PKEY *, const RSA *);
int EVP_PKEY_set1_EC_KEY(EVP_PKEY *, const EC_KEY *);

int SSL_CTX_use_PrivateKey(SSL_CTX *context, EVP_PKEY *key)
{
	int (*use)(SSL_CTX *, EVP_PKEY *) = dlsym(RTLD_NEXT, "SSL_CTX_use_PrivateKey");
	EVP_PKEY *named = EVP_PKEY_new();
	const RSA *rsa = EVP_PKEY_get0_RSA(key);
	const EC_KEY *ec = rsa ? NULL : EVP_PKEY_get0_EC_KEY(key);
	int ok = rsa ? EVP_PKEY_set1_RSA(named, rsa) : ec && EVP_PKEY_set1_EC_KEY(named, ec);

	ok = ok && use(context, named);
	EVP_PKEY_free(named);
	return ok;
}
