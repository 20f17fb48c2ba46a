using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IntegrationHub.Host.Cli;

/// <summary><c>hub keys</c>: the master key that everything secret is encrypted with.</summary>
internal static class KeysCommand
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);

    public static Command Create(Terminal terminal)
    {
        var keys = new Command("keys", "The master key: which one is in use, and replace it while the hub runs. Exit codes: 0 all is well, 1 some data keys do not open, 2 the command cannot be run like this, 3 the hub is not reachable or refused, 70 a fault of the program.")
        {
            CreateStatus(terminal),
            CreateRotate(terminal),
        };
        keys.Options.Add(new Option<bool>("--json") { Description = "Write the result as one JSON document to standard output.", Recursive = true });
        return keys;
    }

    private static Command CreateStatus(Terminal terminal)
    {
        var command = new Command("status", "Which master key is in use, where it is kept, and where a rotation stands.");
        var access = HubAccess.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var hub = access.Open(terminal, parsed);
            return Write(terminal, await hub.SendAsync(HttpMethod.Get, "api/encryption", null, cancellationToken));
        });
        return command;
    }

    private static Command CreateRotate(Terminal terminal)
    {
        var noWait = new Option<bool>("--no-wait") { Description = "Start the rotation and do not wait until everything is wrapped anew." };
        var command = new Command("rotate", "Make a new master key and wrap every data key anew, while the hub runs. Nothing is unreadable meanwhile, and a crash does no harm. Back the new key up afterwards.") { noWait };
        var access = HubAccess.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var hub = access.Open(terminal, parsed);
            var answer = await hub.SendAsync(HttpMethod.Post, "api/encryption/rotate", null, cancellationToken);
            terminal.Note($"The new master key is {Text(Member(answer, "current"), "id")}; data keys are being wrapped anew.");
            var started = answer;
            while (!parsed.GetValue(noWait) && Text(Member(answer, "rotation"), "state") == "rewrapping")
            {
                await Task.Delay(Between, cancellationToken);
                answer = await hub.SendAsync(HttpMethod.Get, "api/encryption", null, cancellationToken);
            }

            var code = Write(terminal, answer);
            if (Text(answer, "source") == "file" || Text(answer, "source") == "kms")
                terminal.Note($"Back it up now: {Text(started, "place")}. Keep the former key's backup as long as you keep backups of the database from before.");

            return code;
        });
        return command;
    }

    private static int Write(Terminal terminal, JsonElement answer)
    {
        var current = Member(answer, "current");
        var rotation = Member(answer, "rotation");
        var state = Text(rotation, "state");
        var unreadable = rotation.TryGetProperty("unreadable", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(row => row.ToString()).ToList() : [];
        terminal.Say($"Master key {terminal.Bold(Text(current, "id"))}, from {Text(answer, "place")}: wraps {Number(current, "dataKeys")} data keys.");
        if (answer.TryGetProperty("former", out var former) && former.ValueKind == JsonValueKind.Array)
            foreach (var key in former.EnumerateArray())
                terminal.Say($"Former key {Text(key, "id")}: wraps {Number(key, "dataKeys")} data keys still.");

        terminal.Say(state switch
        {
            "rewrapping" => $"Rotation: {Number(rotation, "rewrapped")} data keys have been wrapped anew so far.",
            "settling" => "Rotation: everything is under the new key; the former one is removed in a moment.",
            "stuck" => terminal.Red($"Rotation: these do not open and keep the former key in place: {string.Join(", ", unreadable)}."),
            _ => "No rotation is under way.",
        });

        var ok = state != "stuck";
        if (terminal.Json)
            terminal.WriteJson(new JsonObject { ["ok"] = ok, ["encryption"] = JsonNode.Parse(answer.GetRawText()) });

        return ok ? CliExitCodes.Ok : CliExitCodes.Findings;
    }

    private static JsonElement Member(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : JsonElement.Parse("{}");

    private static string Text(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Number(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number.ToString("N0", CultureInfo.InvariantCulture) : "0";
}
