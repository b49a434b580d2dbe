#include "spec.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace drover::shim {
namespace {

constexpr char kGoodBytes[] = "id=i\0task=t\0log_dir=/l\0arg=/bin/x\0env=A=b=c\0arg=two\0group=4";
const std::string kGood(kGoodBytes, sizeof kGoodBytes);

struct Parsed {
    bool good = false;
    std::string error;
    std::unique_ptr<Spec> spec = std::make_unique<Spec>();
    std::vector<char*> pointers;
};

Parsed parse(const std::string& bytes) {
    Parsed out;
    // A buffer of exactly that size, so that the sanitizer sees every step beyond it.
    const std::vector<char> exact(bytes.begin(), bytes.end());
    out.pointers.resize(spec_pointers(exact.data(), exact.size()));
    char error[200] = "";
    out.good = parse_spec(exact.data(), exact.size(), out.pointers.data(), out.spec.get(), error, sizeof error);
    out.error = error;
    if (out.good) {
        for (char** at = out.spec->argv; *at; ++at) out.error += std::string("[") + *at + "]";
        for (char** at = out.spec->envp; *at; ++at) out.error += std::string("{") + *at + "}";
    }
    return out;
}

TEST(Spec, KeepsTheOrderOfArgumentsAndVariables) {
    const Parsed parsed = parse(kGood);
    ASSERT_TRUE(parsed.good) << parsed.error;
    EXPECT_EQ(parsed.error, "[/bin/x][two]{A=b=c}");
    EXPECT_EQ(parsed.spec->group_count, 1);
    EXPECT_FALSE(parsed.spec->has_user);
}

TEST(Spec, RefusesWhatItDoesNotUnderstandWithTheEntry) {
    EXPECT_NE(parse(kGood + std::string("colour=red\0", 11)).error.find("colour=red"), std::string::npos);
    for (const char* bad :
         {"uid=-1", "uid=", "gid=x", "task=a/b", "work_dir=relative", "log_max_files=0", "cgroup=x"}) {
        EXPECT_FALSE(parse(kGood + bad + '\0').good) << bad;
    }
    EXPECT_FALSE(parse("").good);
    EXPECT_FALSE(parse(kGood.substr(0, kGood.size() - 1)).good) << "cut off";
    EXPECT_FALSE(parse(std::string("id=i\0task=t\0log_dir=/l\0", 23)).good) << "nothing to run";
}

TEST(Spec, NoDamageMakesItReadBeyondItsBytes) {
    std::mt19937 random(1);
    for (int round = 0; round < 20000; ++round) {
        std::string bytes = kGood;
        for (unsigned n = random() % 4 + 1; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
        bytes.resize(random() % 3 == 0 ? random() % bytes.size() : bytes.size());
        parse(bytes);
    }
}

}  // namespace
}  // namespace drover::shim
