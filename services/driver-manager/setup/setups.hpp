// Setups: every setup that is under way on this node. At most so many at a time; a setup that waits for its turn, or is
// in the middle of a step, can be ended at once. Nothing of it is durable: whoever starts next begins it again.
#pragma once

#include <map>
#include <memory>

#include "driver-manager/core/setup.hpp"
#include "driver-manager/launcher/launcher.hpp"
#include "driver-manager/setup/step.hpp"
#include "rt/loop.hpp"

namespace drover::setup {

// Must not call back.
class SetupListener {
   public:
    virtual ~SetupListener() = default;
    // Steps or what they wait for have changed.
    virtual void on_setup(const launcher::RunKey& key, const driver_manager::SetupCourse& setup) = 0;
    // Something for the task's history.
    virtual void on_told(const launcher::RunKey& key, const std::string& message) = 0;
    // It waits for its turn.
    virtual void on_queued(const launcher::RunKey& key) = 0;
    // All is over, well or with an error; the setup is forgotten.
    virtual void on_set_up(const launcher::RunKey& key, const Site& place,
                           const driver_manager::SetupCourse& setup) = 0;
};

class Setups {
   public:
    // How the kinds of steps are carried out; a kind that is not listed fails.
    using Makers = std::map<wire::SetupKind, StepMaker>;

    Setups(rt::Loop& loop, std::size_t at_once, Makers makers, SetupListener& listener);
    ~Setups();
    Setups(const Setups&) = delete;
    Setups& operator=(const Setups&) = delete;

    // The listener hears of it in later rounds of the loop. A key that is under way is left as it is.
    void begin(const launcher::RunKey& key, Site place);

    // Ends it, without a word; false when there is none.
    bool cancel(const launcher::RunKey& key);

   private:
    struct Course {
        Course(Site p, driver_manager::SetupCourse s) : place(std::move(p)), setup(std::move(s)) {}
        Site place;
        driver_manager::SetupCourse setup;
        std::unique_ptr<Step> step;
        bool told = false;  // that it waits for its turn
        rt::Token later = 0;
    };

    void admit_later();
    void admit();
    void go_on(const launcher::RunKey& key);
    void ended(const launcher::RunKey& key, const Result<void>& result);
    StepVoice voice(const launcher::RunKey& key);

    rt::Loop& loop_;
    Makers makers_;
    SetupListener& listener_;
    driver_manager::Turnstile<launcher::RunKey> turnstile_;
    std::map<launcher::RunKey, Course> courses_;
    rt::Token admission_ = 0;
};

}  // namespace drover::setup
