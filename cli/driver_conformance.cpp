// drover driver test
#include "cli/driver_checks.hpp"
#include "cli/verb.hpp"

namespace drover::cli {
namespace {

int test_driver(const Session& session, const std::string& program) {
    auto stand = DriverStand::make(program);
    if (!stand) return session.fail(stand.error());
    if (const auto launched = (*stand)->launch(); !launched)
        return session.fail({ErrorKind::refused, program + " cannot be launched: " + launched.error().message});
    std::size_t failed = 0;
    Json results = Json::array();
    for (const DriverCheck& check : driver_checks()) {
        if (!(*stand)->lives()) (void)(*stand)->launch();
        const auto result = check.run(**stand);
        if (!result) ++failed;
        const std::string why = result ? "" : printable(result.error().message);
        results.push_back({{"promise", check.promise}, {"kept", result.has_value()}, {"why", why}});
        if (session.json) continue;
        session.out(session.paint(result ? "kept    " : "broken  ", result ? Tone::good : Tone::bad) + check.promise +
                    (result ? "" : "\n          " + why) + "\n");
    }
    const std::size_t all = driver_checks().size();
    if (!session.print_json({{"driver", (*stand)->name()}, {"failed", failed}, {"checks", results}}))
        session.out("\n" + (*stand)->name() + " keeps " + std::to_string(all - failed) + " of " + std::to_string(all) +
                    " promises.\n");
    return failed == 0 ? kOk : kFailed;
}

}  // namespace

void add_driver_test(CLI::App& driver, Session& session) {
    auto program = std::make_shared<std::string>();
    CLI::App* verb = add_verb(driver, session, "test",
                              "launch an external driver, run tasks on it, kill it, and say what it does wrong",
                              "drover driver test examples/drivers/python.py",
                              [&session, program] { return test_driver(session, *program); });
    verb->add_option("COMMAND", *program, "the driver's program")->required()->type_name("");
}

}  // namespace drover::cli
