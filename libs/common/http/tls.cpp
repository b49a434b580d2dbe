#include "http/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "os/files.hpp"

namespace drover::http {
namespace {

tl::unexpected<Error> tls_error(const std::string& what) {
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return fail(ErrorKind::invalid, what + ": " + (reason == nullptr ? "it is not usable" : reason));
}

// Nobody is there who could be asked.
int no_passphrase(char*, int, int, void*) { return 0; }

}  // namespace

Result<void> set_up_tls(ssl_ctx_st& context, const TlsFiles& files) {
    if (files.certificate.empty() || files.key.empty())
        return fail(ErrorKind::invalid,
                    "http_tls_certificate_file and http_tls_key_file go together; give both or none");
    if (auto good = os::check_private(files.key, "the TLS key"); !good) return good;
    SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
    SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_default_passwd_cb(&context, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(&context, files.certificate.c_str()) != 1)
        return tls_error("cannot use the TLS certificate " + files.certificate);
    if (SSL_CTX_use_PrivateKey_file(&context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
        return tls_error("cannot use the TLS key " + files.key + " with the certificate " + files.certificate);
    return {};
}

}  // namespace drover::http
