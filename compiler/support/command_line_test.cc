// SPDX-License-Identifier: Apache-2.0
#include "compiler/support/command_line.h"

#include "gtest/gtest.h"

namespace tpuc {
namespace {

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() : line_("tool", "Does it.") {
    line_.Required("model", &model_, "FILE", "what to read");
    line_.Optional("tolerance", &tolerance_, "X", "how alike");
    line_.Switch("debug", &debug_, "keep files");
    line_.Unsupported("core", "N", "one core only");
  }

  std::string Error(const std::vector<std::string>& arguments) {
    return std::string(line_.Parse(arguments, &wants_help_).message());
  }

  std::string model_, tolerance_ = "0.5";
  bool debug_ = false, wants_help_ = false;
  CommandLine line_;
};

TEST_F(CommandLineTest, TakesValuesInBothSpellings) {
  EXPECT_EQ(Error({"--model=a=b", "-tolerance", "1", "--debug"}), "");
  EXPECT_EQ(model_, "a=b");
  EXPECT_EQ(tolerance_, "1");
  EXPECT_TRUE(debug_);
}

TEST_F(CommandLineTest, NamesWhatIsWrong) {
  EXPECT_EQ(Error({}), "missing: --model FILE");
  EXPECT_EQ(Error({"--model"}), "--model needs a value: FILE");
  EXPECT_EQ(Error({"--modle", "a"}), "unknown flag --modle");
  EXPECT_EQ(Error({"--model", "a", "--model", "b"}), "--model is given twice");
  EXPECT_EQ(Error({"--model", "a", "--debug=1"}), "--debug takes no value");
  EXPECT_EQ(Error({"--model", "a", "b"}), "unexpected argument 'b'");
  EXPECT_EQ(Error({"--model", "a", "--core", "2"}),
            "--core is not supported: one core only");
}

TEST_F(CommandLineTest, HelpTellsOfEveryFlag) {
  EXPECT_EQ(Error({"--nonsense", "--help"}), "");
  EXPECT_TRUE(wants_help_);
  const std::string help = line_.Help();
  for (const char* text :
       {"Does it.", "usage: tool --model FILE [flags]", "--tolerance X",
        "(default: 0.5)", "--debug", "--core N  (not supported)"})
    EXPECT_NE(help.find(text), std::string::npos) << text;
}

TEST(CommandLine, AppendsValuesOfARepeatedFlag) {
  std::vector<std::string> models = {"first"};
  CommandLine line("tool", "Does it.");
  line.Repeated("model", &models, "FILE", "what to read");
  bool wants_help = false;
  EXPECT_TRUE(
      line.Parse({"--model", "a", "--model=b", "-model", "a"}, &wants_help)
          .ok());
  EXPECT_EQ(models, (std::vector<std::string>{"first", "a", "b", "a"}));
  EXPECT_EQ(line.Parse({"--model"}, &wants_help).message(),
            "--model needs a value: FILE");
}

TEST(CommandLine, CollectsOtherWords) {
  std::vector<std::string> files;
  CommandLine line("tool", "Does it.");
  line.Positional(&files, "FILE...", "what to read");
  bool wants_help = false;
  EXPECT_TRUE(line.Parse({"a", "-", "b"}, &wants_help).ok());
  EXPECT_EQ(files, (std::vector<std::string>{"a", "-", "b"}));
}

}  // namespace
}  // namespace tpuc
