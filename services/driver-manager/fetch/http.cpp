#include "driver-manager/fetch/http.hpp"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/units.hpp"

namespace drover::fetch {

namespace {

constexpr int kMaxRedirects = 10;
constexpr long kConnectMs = 10'000;
constexpr long kStalledSeconds = 30;

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

struct Sink {
    int file;
    std::uint64_t left;
    bool too_large = false;
    int code = 0;  // errno
};

std::size_t take(char* bytes, std::size_t, std::size_t size, void* sink_pointer) {
    Sink& sink = *static_cast<Sink*>(sink_pointer);
    if (size > sink.left) {
        sink.too_large = true;
        return 0;
    }
    for (std::size_t done = 0; done < size;) {
        const ssize_t n = ::write(sink.file, bytes + done, size - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            sink.code = errno;
            return 0;
        }
        done += static_cast<std::size_t>(n);
    }
    sink.left -= size;
    return size;
}

// "https://host:port" of a URL.
std::string origin(const std::string& url) {
    CURLU* parts = curl_url();
    std::string out;
    if (curl_url_set(parts, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK) {
        for (const CURLUPart part : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
            char* text = nullptr;
            if (curl_url_get(parts, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK) out.append(text).append(1, ' ');
            curl_free(text);
        }
    }
    curl_url_cleanup(parts);
    return out;
}

// What may be found to have passed a moment later.
bool passes(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM: return true;
        default: return false;
    }
}

struct Exchange {
    long status = 0;
    std::string redirect;
    bool again = false;  // worth another attempt at once
};

void configure(CURL* curl, const std::string& url, Sink& sink, const Deadline& deadline, char* error) {
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kStalledSeconds);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, deadline.left().ms())));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "drover-fetch");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &sink);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
}

// One question and its answer.
Result<Exchange> ask(const std::string& url, const curl_slist* headers, const std::string& credentials, Sink& sink,
                     const Deadline& deadline) {
    const Handle curl(curl_easy_init(), &curl_easy_cleanup);
    if (!curl) return fail(ErrorKind::io, "libcurl cannot be used");
    char text[CURL_ERROR_SIZE] = {};
    configure(curl.get(), url, sink, deadline, text);
    if (headers != nullptr) curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers);
    if (!credentials.empty()) {
        curl_easy_setopt(curl.get(), CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl.get(), CURLOPT_USERPWD, decoded(credentials).c_str());
    }
    const CURLcode code = curl_easy_perform(curl.get());
    Exchange exchange;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &exchange.status);
    const char* redirect = nullptr;
    curl_easy_getinfo(curl.get(), CURLINFO_REDIRECT_URL, &redirect);
    if (redirect != nullptr) exchange.redirect = redirect;
    if (code == CURLE_OK) return exchange;
    if (sink.code != 0) return fail_errno("cannot write the download", sink.code);
    if (sink.too_large) return fail(ErrorKind::refused, "it is larger than an artifact may be");
    if (code == CURLE_HTTP_RETURNED_ERROR) {
        exchange.again = exchange.status == 429 || exchange.status >= 500;
        return exchange;
    }
    const std::string why = text[0] != '\0' ? text : curl_easy_strerror(code);
    const bool wrong = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
    if (wrong) return fail(ErrorKind::invalid, why);
    // Of `again` in this case only the kind tells.
    return fail(passes(code) ? ErrorKind::unavailable : ErrorKind::conflict, why);
}

List list_of(const std::map<std::string, std::string>& headers) {
    List list(nullptr, &curl_slist_free_all);
    for (const auto& [name, value] : headers) {
        // "X;" is how libcurl is told to send an empty one.
        const std::string line = value.empty() ? name + ";" : name + ": " + value;
        list.reset(curl_slist_append(list.release(), line.c_str()));
    }
    return list;
}

// All redirects of one attempt. Errors of kind `conflict` are for another day.
Result<void> attempt(const Source& source, const curl_slist* headers, std::uint64_t max_bytes, const Deadline& deadline,
                     int file) {
    std::string url = source.url;
    for (int redirects = 0; redirects <= kMaxRedirects; ++redirects) {
        if (::ftruncate(file, 0) != 0 || ::lseek(file, 0, SEEK_SET) != 0)
            return fail_errno("cannot empty the download", errno);
        Sink sink{file, max_bytes};
        const bool home = origin(url) == origin(source.url);
        const auto answer =
            ask(url, home ? headers : nullptr, home ? source.credentials : std::string(), sink, deadline);
        if (!answer) return tl::unexpected(answer.error());
        if (!answer->redirect.empty()) {
            url = answer->redirect;
            continue;
        }
        if (answer->status >= 200 && answer->status < 300) return {};
        return fail(answer->again ? ErrorKind::unavailable : ErrorKind::conflict,
                    "the server answers with status " + std::to_string(answer->status));
    }
    return fail(ErrorKind::conflict, "there are more than ten redirects");
}

}  // namespace

std::string decoded(const std::string& credentials) {
    int size = 0;
    char* text = curl_easy_unescape(nullptr, credentials.c_str(), static_cast<int>(credentials.size()), &size);
    std::string out(text == nullptr ? "" : text, text == nullptr ? 0 : static_cast<std::size_t>(size));
    curl_free(text);
    return out;
}

Result<void> fetch_http(const Source& source, const std::map<std::string, std::string>& headers,
                        std::uint64_t max_bytes, const Deadline& deadline, int file) {
    for (const auto& [name, value] : headers)
        if ((name + value).find_first_of("\r\n") != std::string::npos || name.find(':') != std::string::npos)
            return fail(ErrorKind::invalid, "a header of the artifact holds a line break, or a colon in its name");
    const List list = list_of(headers);
    const auto done = with_retries(deadline, [&] { return attempt(source, list.get(), max_bytes, deadline, file); });
    if (!done && done.error().kind == ErrorKind::conflict) return fail(ErrorKind::unavailable, done.error().message);
    return done;
}

}  // namespace drover::fetch
