using System.Text;
using IntegrationHub.Adapters;
using IntegrationHub.Host.Egress;
using IntegrationHub.Manifests;
using IntegrationHub.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace IntegrationHub.Host.Tests.Operations.Resilience;

/// <summary>
/// A provider with faults on real sockets, the real REST adapter, and the real pipeline. Each cell runs twice: with a provider that always fails, and with one that fails once.
/// What came of it is the table in docs/operations.md.
/// </summary>
public sealed class FaultTableTests(ITestOutputHelper output)
{
    private const int Always = int.MaxValue;
    private static readonly string[] Operations = ["get", "postWithKey", "post"];

    private static readonly Dictionary<Fault, string> Words = new()
    {
        [Fault.NoAnswer] = "no answer within the attempt's time",
        [Fault.ResetBeforeAnswer] = "connection reset before the answer",
        [Fault.ResetOnReusedConnection] = "the same, on a connection that was used before",
        [Fault.ClosedOnReusedConnection] = "closed without an answer, on a connection that was used before",
        [Fault.ResetMidAnswer] = "connection reset within the answer",
        [Fault.HalfClosed] = "half-closed socket, no answer",
        [Fault.TooManySeconds] = "429, `Retry-After` in seconds",
        [Fault.TooManyDate] = "429, `Retry-After` as a date",
        [Fault.TooMany] = "429 without",
        [Fault.ServerError] = "500",
        [Fault.UnavailableSeconds] = "503, `Retry-After` in seconds",
        [Fault.SlowBody] = "slow body, beyond the attempt's time",
        [Fault.TruncatedJson] = "200, truncated JSON",
        [Fault.WrongContentType] = "200, a web page for JSON",
        [Fault.LargeAnswer] = "200, an answer of 10 MB",
        [Fault.RedirectLoop] = "redirect to itself",
        [Fault.Refused] = "connection refused",
    };

    [Fact]
    public async Task EveryFault_EveryKindOfCall_IsRepeatedOnlyWhereNothingCanBeDoneTwice()
    {
        // What is judged by a clock comes by itself: beside a hundred hubs that start, the answer of a sound provider could come too late.
        var faults = Words.Keys.Where(fault => !IsTimed(fault)).ToArray();
        var timed = Words.Keys.Where(IsTimed).ToArray();
        Cell[] cells = [.. await CellsAsync(faults), .. await CellsAsync(timed)];
        cells = [.. Words.Keys.SelectMany(fault => cells.Where(cell => cell.Fault == fault))];

        var table = Table(cells);
        output.WriteLine(table);
        foreach (var cell in cells)
        {
            // The provider refused a 429 at the door; all else that it received may have had an effect.
            if (cell.Operation == "post" && cell.Fault is not (Fault.TooManySeconds or Fault.TooManyDate or Fault.TooMany))
                Assert.True(cell.Received <= 1 && cell.ReceivedOnce <= 1, $"{cell.Fault}: an unsafe call was received {cell.Received} and {cell.ReceivedOnce} times.");

            // Whoever may have acted and did not say so is not reported as one who did not.
            if (cell is { Operation: "post", Received: 1 } && cell.Fault is Fault.NoAnswer or Fault.ResetBeforeAnswer or Fault.ResetOnReusedConnection or Fault.ClosedOnReusedConnection or Fault.ResetMidAnswer or Fault.HalfClosed or Fault.SlowBody)
                Assert.True(cell.Operation != "post" || cell.Unknown, $"{cell.Fault}: the outcome is unknown and was not said to be.");
        }

        // How often the client itself sent a GET again depends on timing, so the page has an example of it.
        var page = await File.ReadAllTextAsync(Repository.At("docs", "operations.md"));
        Assert.Contains(WithoutReceived(table), WithoutReceived(page), StringComparison.Ordinal);
    }

    private static Task<Cell[]> CellsAsync(Fault[] faults) => Task.WhenAll(faults.SelectMany(fault => Operations.Select(operation => CellAsync(fault, operation))));

    private static bool IsTimed(Fault fault) => fault is Fault.NoAnswer or Fault.SlowBody;

    private static string WithoutReceived(string text) => System.Text.RegularExpressions.Regex.Replace(text, @" \(\d+ received\)", "");

    // The client's own retry of requests on connections that turn out to be closed: without a body it would send any method again.
    [Theory]
    [InlineData(Fault.ResetOnReusedConnection)]
    [InlineData(Fault.ClosedOnReusedConnection)]
    internal async Task PostWithoutBody_ConnectionWasUsedBefore_IsReceivedOnce(Fault fault)
    {
        var cell = await CellAsync(fault, "postNothing");

        Assert.Equal((1, 1, true), (cell.Received, cell.ReceivedOnce, cell.Unknown));
    }

    private static string Table(Cell[] cells)
    {
        var text = new StringBuilder("| the provider | GET | POST with key | POST without key |\n|---|---|---|---|\n");
        foreach (var row in cells.GroupBy(cell => cell.Fault))
            text.Append("| ").Append(Words[row.Key]).Append(" | ").AppendJoin(" | ", row.Select(cell => cell.Text)).Append(" |\n");

        return text.ToString();
    }

    private static async Task<Cell> CellAsync(Fault fault, string operation)
    {
        var (received, always, unknown, attempts) = await RunAsync(fault, operation, Always);
        var (receivedOnce, once, _, _) = fault == Fault.Refused ? (0, "", false, 0) : await RunAsync(fault, operation, 1);
        return new Cell(fault, operation, received, receivedOnce, unknown, $"{attempts} ×{(received > 0 && received != attempts ? $" ({received} received)" : "")} → {always}{(unknown ? ", unknown" : "")}{(once is "200" && always != "200" ? "; then 200" : "")}");
    }

    private static async Task<(int Received, string Answer, bool Unknown, int Attempts)> RunAsync(Fault fault, string operation, int faulty)
    {
        await using var server = new FaultServer(fault, faulty);
        await using var hub = await OperationHub.StartAsync(TimeProvider.System, ("Hub:Operations:MaxWait", "00:00:20"));
        using var handlers = new EgressHandlers(new AddressPolicy(new HubOptions { AllowPrivateTargets = true }), EgressConnector.SystemResolver);
        hub.BaseUrl = server.Url;
        hub.Change = Manifest(fault);
        var manifest = Manifest(fault)(new ProviderManifest { ManifestVersion = 1, Id = "acme", Name = "Acme", Version = "1.0.0", Category = "payment" });
        await using var rest = new RestAdapter();
        await rest.InitializeAsync(
            new ProviderContext
            {
                Manifest = manifest, Loggers = NullLoggerFactory.Instance, Time = TimeProvider.System,
                Http = new ProviderHttp(manifest.Network, handlers, new AddressPolicy(new HubOptions { AllowPrivateTargets = true })),
            },
            CancellationToken.None);
        var attempts = 0;
        hub.Adapter = (request, token) =>
        {
            if (request.Operation != "warm")
                attempts++;

            return rest.ExecuteAsync(request, token);
        };

        if (fault is Fault.ResetOnReusedConnection or Fault.ClosedOnReusedConnection)
            Assert.Equal(200, (await hub.RunAsync("warm")).Status);

        var answer = await hub.RunAsync(operation);
        return (server.Received, answer.Status == 200 ? "200" : $"{answer.Status} `{answer["code"]}`", answer.Status != 200 && answer.Json.GetProperty("outcomeUnknown").GetBoolean(), attempts);
    }

    private static Func<ProviderManifest, ProviderManifest> Manifest(Fault fault)
    {
        var anObject = System.Text.Json.JsonElement.Parse("""{ "type": "object" }"""u8);
        return manifest => manifest with
        {
            Retry = new RetryManifest
            {
                MaxAttempts = 3, BaseDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(5),
                AttemptTimeout = IsTimed(fault) ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(60),
            },
            Breaker = new BreakerManifest { Failures = 100 },
            Environments = new Dictionary<string, EnvironmentManifest> { ["dev"] = new() { BaseUrl = "https://api.acme.example" } },
            Operations = new Dictionary<string, OperationManifest>
            {
                ["warm"] = new() { Http = new HttpManifest { Method = "GET", Path = "/warm" } },
                ["get"] = new() { Http = new HttpManifest { Method = "GET", Path = "/things" }, Result = anObject },
                ["postWithKey"] = new() { Http = new HttpManifest { Method = "POST", Path = "/things" }, Result = anObject, Idempotency = new IdempotencyManifest { Header = "Idempotency-Key" } },
                ["post"] = new() { Http = new HttpManifest { Method = "POST", Path = "/things" }, Result = anObject },
                ["postNothing"] = new() { Http = new HttpManifest { Method = "POST", Path = "/things/1/capture", Body = new BodyManifest { Kind = BodyKind.None } } },
            },
        };
    }

    private sealed record Cell(Fault Fault, string Operation, int Received, int ReceivedOnce, bool Unknown, string Text);
}
