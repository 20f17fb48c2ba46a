using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Contract.Tests.Providers.Rig;

/// <summary>One thing of a request that the vendor's description forbids.</summary>
/// <param name="Path">Where: <c>/body/amount</c>, <c>/query/limit</c>, <c>/headers/token</c>.</param>
/// <param name="Message">What is wrong, in the validator's words.</param>
internal sealed record Violation(string Path, string Message)
{
    public override string ToString() => $"{Path} {Message}";
}

/// <summary>The strict validator loaded with a vendor's description, a mock of the same description behind it, and the log of what it judged.</summary>
internal sealed class ContractServer : IAsyncDisposable
{
    private readonly List<NodeProcess> processes = [];
    private readonly string log = Path.Combine(Path.GetTempPath(), $"hub-contract-{Guid.NewGuid():N}.log");
    private readonly string description = Path.Combine(Path.GetTempPath(), $"hub-contract-{Guid.NewGuid():N}.json");
    private int judged;

    private ContractServer()
    {
    }

    public string Address { get; private set; } = "";

    /// <summary>Starts it. Without a mock the validator answers <c>{"ok":true}</c> itself, for vendors whose answers a mock cannot make up well.</summary>
    public static async Task<ContractServer> StartAsync(string file, bool mock)
    {
        var source = Require.Shared("contracts", "openapi", file);
        var tool = Require.Shared("contracts", "tools", "contract-server.cjs");
        await NodePackages.RequireAsync();

        var server = new ContractServer();
        try
        {
            var (exitCode, errors) = await NodeProcess.RunAsync("node", [NodePackages.Script("prepare.cjs"), source, server.description], NodePackages.Folder, TimeSpan.FromMinutes(2));
            Assert.True(exitCode == 0, errors);

            var upstream = "-";
            if (mock)
            {
                var port = NodeProcess.FreePort();
                string[] options = ["--port", $"{port}", "--quiet", "--no-color", "--validator-form-object-format=brackets", "--validator-form-array-format=brackets", "--reject-on-sdk-error=false"];
                server.processes.Add(await NodeProcess.StartAsync(NodePackages.Program("steady"), [.. options, server.description], port));
                upstream = $"http://localhost:{port}";
            }

            var validator = NodeProcess.FreePort();
            server.processes.Add(await NodeProcess.StartAsync("node", [tool, server.description, $"{validator}", upstream, server.log], validator));

            // Chosen last: until something listens there, it is free for everybody else on the machine.
            var front = NodeProcess.FreePort();
            server.processes.Add(await NodeProcess.StartAsync("node", [NodePackages.Script("ndjson.cjs"), $"{front}", $"{validator}"], front));
            server.Address = $"http://127.0.0.1:{front}";
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>What it said of the request since the last question. Exactly one request is expected: the validator writes its verdict before it answers.</summary>
    /// <param name="answer">What the hub made of the answer, for whoever looks for a request that did not come.</param>
    public async Task<IReadOnlyList<Violation>> VerdictAsync(string answer = "")
    {
        var lines = File.Exists(log) ? await File.ReadAllLinesAsync(log) : [];
        var verdicts = lines[judged..];
        judged = lines.Length;
        Assert.True(verdicts.Length == 1, $"{verdicts.Length} requests came. {answer}\n{string.Join('\n', processes.Select(process => process.Output))}");
        var verdict = JsonDocument.Parse(verdicts[0]).RootElement;
        if (verdict.GetProperty("ok").GetBoolean())
            return [];

        var errors = verdict.GetProperty("errors");
        return errors.ValueKind == JsonValueKind.Array
            ? [.. errors.EnumerateArray().Select(error => new Violation(error.GetProperty("path").GetString()!, error.GetProperty("message").GetString()!))]
            : [new Violation("", errors.ToString())];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
            await process.DisposeAsync();

        File.Delete(log);
        File.Delete(description);
    }
}
