#include "secret/tokens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>

#include "base/hash.hpp"
#include "os/files.hpp"

namespace drover::secret {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kHash = hash_token("open-sesame");

TEST(Tokens, AreHashedAsAnySha256Is) {
    EXPECT_EQ(hash_token("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Tokens, OfAListAreFoundWholeOrNotAtAll) {
    const auto holders = parse_tokens("# who\n\n" + kHash + " submit alice\n" + hash_token("b") + " read bob", "f");
    ASSERT_TRUE(holders.has_value()) << holders.error().message;
    ASSERT_EQ(holders->size(), 2u);
    EXPECT_EQ(find_token(*holders, "open-sesame"), &holders->front());
    EXPECT_EQ(holders->front(), (TokenHolder{kHash, TokenRole::submit, "alice"}));
    for (const std::string& wrong : {std::string(), std::string("open-sesam"), kHash, std::string(kMaxToken + 1, 'x')})
        EXPECT_EQ(find_token(*holders, wrong), nullptr) << wrong;
}

TEST(Tokens, LinesAreWrittenAsTheyAreRead) {
    const TokenHolder holder{kHash, TokenRole::admin, "ci@example.com"};
    EXPECT_EQ(parse_tokens(token_line(holder), "f").value(), std::vector{holder});
}

TEST(Tokens, ABrokenListIsRefusedByLineWithoutRepeatingIt) {
    const std::pair<std::string, const char*> lists[] = {
        {"open-sesame admin alice", "f:1: expected the SHA-256"},
        {"\n" + kHash + " root alice", "f:2: expected a role"},
        {kHash + " read", "f:1: expected one name"},
        {kHash + " read two words", "f:1: expected one name"},
        {kHash + " read a\n" + hash_token("b") + " read a", "f:2: the name a is given twice"}};
    for (const auto& [text, why] : lists) {
        const auto holders = parse_tokens(text, "f");
        ASSERT_FALSE(holders) << text;
        EXPECT_THAT(holders.error().message, testing::AllOf(HasSubstr(why), Not(HasSubstr("sesame"))));
    }
}

TEST(Tokens, NoTwoAreAlike) {
    const std::string one = make_token().value();
    EXPECT_NE(one, make_token().value());
    EXPECT_EQ(one.size(), std::string("drover_").size() + 43);
}

TEST(Tokens, AListThatOthersCanReadIsRefused) {
    const std::string file = testing::TempDir() + "drover-tokens-" + random_hex(8);
    ASSERT_TRUE(os::write_file_atomic(file, token_line({kHash, TokenRole::read, "alice"}), 0600, os::Durable::no));
    EXPECT_EQ(read_tokens(file)->size(), 1u);
    ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
    EXPECT_THAT(read_tokens(file).error().message, HasSubstr("chmod 600"));
    std::remove(file.c_str());
}

}  // namespace
}  // namespace drover::secret
