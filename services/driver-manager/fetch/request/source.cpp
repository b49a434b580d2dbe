#include "driver-manager/fetch/request/source.hpp"

#include <algorithm>

namespace drover::fetch {

namespace {

constexpr std::string_view kGit = "git::";

bool plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; });
}

// Where the authority of `url` ends; npos without one.
std::size_t authority_end(std::string_view url, std::size_t begin) {
    return std::min(url.find_first_of("/?#", begin), url.size());
}

// Takes "user:password@" out of the URL.
std::string take_credentials(std::string& url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string::npos) return "";
    const std::size_t begin = scheme + 3;
    const std::size_t at = url.substr(0, authority_end(url, begin)).rfind('@');
    if (at == std::string::npos || at < begin) return "";
    std::string out = url.substr(begin, at - begin);
    url.erase(begin, at + 1 - begin);
    return out;
}

std::string last_component(std::string_view url) {
    const std::size_t scheme = url.find("://");
    std::string_view path = url.substr(scheme == std::string_view::npos ? 0 : authority_end(url, scheme + 3));
    path = path.substr(0, path.find_first_of("?#"));
    while (path.ends_with('/')) path.remove_suffix(1);
    return std::string(path.substr(path.rfind('/') + 1));
}

// Takes "ref=..." out of the query.
std::string take_ref(std::string& url) {
    const std::size_t query = url.find('?');
    if (query == std::string::npos) return "";
    std::string ref;
    std::string rest;
    std::string_view left = std::string_view(url).substr(query + 1);
    while (!left.empty()) {
        const std::size_t end = std::min(left.find('&'), left.size());
        const std::string_view pair = left.substr(0, end);
        left.remove_prefix(std::min(end + 1, left.size()));
        if (pair.starts_with("ref=")) {
            ref = pair.substr(4);
        } else {
            rest.append(rest.empty() ? "?" : "&").append(pair);
        }
    }
    url.replace(query, std::string::npos, rest);
    return ref;
}

}  // namespace

std::string shown(std::string_view source) {
    std::string out(source.substr(0, source.find_first_of("?#")));
    for (char& c : out)
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) c = '?';
    if (!take_credentials(out).empty() || out.find("://") != std::string::npos) return out;
    // "git::user@host:path"
    const std::size_t at = out.rfind('@');
    const std::size_t begin = out.starts_with(kGit) ? kGit.size() : 0;
    return at == std::string::npos ? out : out.substr(0, begin) + out.substr(at + 1);
}

Result<Source> parse_source(std::string_view text) {
    const std::string what = "the artifact source " + shown(text);
    if (!plain(text)) return fail(ErrorKind::invalid, what + " holds blanks or control characters");
    Source source;
    const bool git = text.starts_with(kGit);
    source.url = text.substr(git ? kGit.size() : 0);
    if (git) source.ref = take_ref(source.url);
    source.name = last_component(source.url);
    const bool http = source.url.starts_with("http://") || source.url.starts_with("https://");
    const bool file = source.url.starts_with("file:///");
    if (!http && !file)
        return fail(ErrorKind::invalid, what +
                                            " is of no known kind; write http://, https://, file:/// or git:: before "
                                            "one of these");
    source.credentials = take_credentials(source.url);
    source.scheme = git ? Scheme::git : file ? Scheme::file : Scheme::http;
    if (file) source.path = source.url.substr(7);
    // It would be among git's arguments.
    if (git && source.url.find_first_of("?#") != std::string::npos)
        return fail(ErrorKind::invalid, what + " has a query; ?ref= is the only one for git");
    if (source.ref.starts_with('-')) return fail(ErrorKind::invalid, what + " has a ref that begins with -");
    return source;
}

}  // namespace drover::fetch
