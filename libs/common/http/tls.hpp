// TLS of the HTTP server: its certificate and key, PEM files.
#pragma once

#include <string>

#include "base/result.hpp"

struct ssl_ctx_st;  // SSL_CTX

namespace drover::http {

struct TlsFiles {
    std::string certificate;  // with the certificates of its issuers behind it
    std::string key;          // which only its owner may read
    bool none() const { return certificate.empty() && key.empty(); }
};

// From TLS 1.2 on, without renegotiation. The error names the file, and why.
Result<void> set_up_tls(ssl_ctx_st& context, const TlsFiles& files);

}  // namespace drover::http
