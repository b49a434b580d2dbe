#include "driver-manager/fetch/request/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "driver-manager/fetch/request/source.hpp"

namespace drover::fetch {
namespace {

using testing::HasSubstr;
using testing::Not;

Request full() {
    Request request;
    request.source = "https://u:p@host/x.tar.gz?a=b";
    request.destination = "local/x";
    request.checksum = "sha256:00";
    request.mode = Mode::dir;
    request.names_file = true;
    request.headers = {{"Authorization", "Bearer a=b"}, {"X", ""}};
    request.id = "0123";
    request.max_bytes = 7;
    request.max_entries = 8;
    request.time = seconds(9);
    return request;
}

TEST(FetchRequest, WhatIsCompleteInSecretsIsForgottenWithThem) {
    Request request = full();
    EXPECT_EQ(marker(request), ".artifact-0123");
    request.destination = "secretsanta/list";
    EXPECT_EQ(marker(request), ".artifact-0123");
    for (const char* destination : {"secrets", "secrets/key"}) {
        request.destination = destination;
        EXPECT_EQ(marker(request), "secrets/.artifact-0123");
    }
}

TEST(FetchRequest, IsReadAsItWasWritten) {
    EXPECT_EQ(decode(encode(full())), full());
    Request least;
    least.source = "file:///x";
    least.id = "1";
    EXPECT_EQ(decode(encode(least)), least);
}

TEST(FetchRequest, WhatNobodyCouldHaveWrittenIsRefusedWithoutItsSecrets) {
    const std::string good = encode(full());
    const auto with = [&](const char* entry) { return decode(good + entry + std::string(1, '\0')); };
    EXPECT_FALSE(decode(""));
    EXPECT_FALSE(decode(good.substr(0, good.size() - 1)));
    EXPECT_FALSE(with("mode=other"));
    EXPECT_FALSE(with("surprise=1"));
    EXPECT_FALSE(with("header:=1"));
    EXPECT_FALSE(with("no sign"));
    EXPECT_THAT(with("header:X=secret").error().message, Not(HasSubstr("secret")));
    EXPECT_FALSE(decode(std::string("source=a\0id=b\0max_bytes=-1\0", 27)));
    EXPECT_FALSE(decode(std::string(300 << 10, 'x')));
}

TEST(FetchSource, TellsKindsApart) {
    const auto http = parse_source("https://host:8080/dir/x.tar.gz?token=1#f");
    ASSERT_TRUE(http);
    EXPECT_EQ(http->scheme, Scheme::http);
    EXPECT_EQ(http->name, "x.tar.gz");
    EXPECT_EQ(http->url, "https://host:8080/dir/x.tar.gz?token=1#f");
    const auto file = parse_source("file:///srv/a%20b");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->path, "/srv/a%20b");
    const auto git = parse_source("git::https://me:pw@host/team/repo.git?ref=v1");
    ASSERT_TRUE(git);
    EXPECT_EQ(git->scheme, Scheme::git);
    EXPECT_EQ(git->url, "https://host/team/repo.git");
    EXPECT_EQ(git->ref, "v1");
    EXPECT_EQ(git->credentials, "me:pw");
    EXPECT_EQ(git->name, "repo.git");
    for (const char* bad : {"", "host/x", "ftp://h/x", "file://h/x", "git::ext::sh -c x", "git::ssh://h/x",
                            "git::file:///r?ref=--upload-pack=x", "git::https://h/r?ref=a&token=b", "http://a b/"})
        EXPECT_FALSE(parse_source(bad)) << bad;
}

TEST(FetchSource, IsShownWithoutWhatCouldBeSecret) {
    EXPECT_EQ(shown("https://me:pw@host/x?token=1#f"), "https://host/x");
    EXPECT_EQ(shown("https://a:p@b@host/x@y"), "https://host/x@y");
    EXPECT_EQ(shown("git::https://me@host/x?ref=v1"), "git::https://host/x");
    EXPECT_EQ(shown("git::me@host:x"), "git::host:x");
    EXPECT_EQ(shown("file:///srv/x"), "file:///srv/x");
    EXPECT_THAT(parse_source("ftp://me:pw@host/x").error().message, Not(HasSubstr("pw")));
}

}  // namespace
}  // namespace drover::fetch
