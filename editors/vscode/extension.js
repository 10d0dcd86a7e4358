// Starts `danac lsp` and connects the editor to it. What the language server can do, it tells itself.
"use strict";

const { workspace, window } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function activate(context) {
  const start = async () => {
    const [command, ...args] = workspace.getConfiguration("dana").get("command");
    client = new LanguageClient(
      "dana",
      "Dana",
      { command, args },
      { documentSelector: [{ language: "dana" }] },
    );
    try {
      await client.start();
    } catch (error) {
      client = undefined;
      window.showErrorMessage(
        `Dana: \`${command} ${args.join(" ")}\` did not start (${error.message}). ` +
          "Install it with `pip install danac[editor]`, or name it in the setting dana.command.",
      );
    }
  };
  context.subscriptions.push(
    workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("dana.command")) {
        await deactivate();
        await start();
      }
    }),
  );
  await start();
}

async function deactivate() {
  const running = client;
  client = undefined;
  await running?.stop();
}

module.exports = { activate, deactivate };
