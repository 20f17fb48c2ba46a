using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks.Faults;

/// <summary>One row of the table.</summary>
/// <param name="Fault">What was done.</param>
/// <param name="Happened">What happened.</param>
/// <param name="IsSound">Whether that is what shall happen.</param>
internal sealed record FaultRow(string Fault, string Happened, bool IsSound);

/// <summary>What the scenarios share: webhooks with ids of their own, what was answered to them, and what became of them.</summary>
internal sealed class FaultStage
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, byte> acknowledged = new();
    private int sequence;

    public IReadOnlyCollection<string> Acknowledged => [.. acknowledged.Keys];

    public ConcurrentDictionary<string, int> Answers { get; } = new();

    /// <summary>By how much the hub's clock is ahead of this one's.</summary>
    public TimeSpan Ahead { get; set; }

    /// <summary>Sends webhooks one after the other on so many connections, until told to stop; answers that are no 2xx are counted and paused after.</summary>
    public async Task SendAsync(HubProcess hub, string connection, int count, int clients = 4)
    {
        var left = count;
        await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
                await SendOneAsync(hub, connection);
        })));
    }

    public async Task<string> SendOneAsync(HubProcess hub, string connection, string? id = null)
    {
        id ??= string.Create(CultureInfo.InvariantCulture, $"evt_fault_{Interlocked.Increment(ref sequence):D6}");
        var body = HubApi.StripeEvent(id);
        using var request = HubApi.StripeWebhook(hub.Address, connection, body, at: TimeProvider.System.GetUtcNow() + Ahead);
        string answered;
        try
        {
            using var answer = await hub.Client.SendAsync(request);
            answered = answer.StatusCode == HttpStatusCode.ServiceUnavailable
                ? answer.Headers.RetryAfter is null ? "503 without Retry-After" : "503 with Retry-After"
                : ((int)answer.StatusCode).ToString(CultureInfo.InvariantCulture);
            if (answer.IsSuccessStatusCode)
                acknowledged[id] = 0;
        }
        catch (HttpRequestException)
        {
            answered = "no answer";
        }

        Answers.AddOrUpdate(answered, 1, (_, so) => so + 1);
        return answered;
    }

    public string Told() => string.Join(", ", Answers.OrderBy(answer => answer.Key, StringComparer.Ordinal).Select(answer => $"{answer.Value} × {answer.Key}"));

    /// <summary>How many of the acknowledged are not stored, and how many are stored twice.</summary>
    public async Task<(int Lost, int Twice)> CountAsync(HubProcess hub)
    {
        var ids = (await hub.ListAsync("/api/events?provider=stripe")).Select(item => item.GetProperty("providerEventId").GetString()!).ToList();
        var known = ids.ToHashSet();
        return (acknowledged.Keys.Count(id => !known.Contains(id)), ids.Count - known.Count);
    }

    /// <summary>Waits until the subscriber has taken all that was acknowledged, or for so long.</summary>
    public async Task<int> MissingAsync(CrashReceiver receiver, TimeSpan patience)
    {
        var missing = 0;
        await UntilAsync(
            () =>
            {
                var taken = receiver.Arrivals().Where(arrival => arrival.Taken).Select(arrival => arrival.ProviderEventId).ToHashSet();
                missing = acknowledged.Keys.Count(id => !taken.Contains(id));
                return Task.FromResult(missing == 0);
            },
            patience);
        return missing;
    }

    /// <summary>Waits until something is as it shall be, or for so long: what other processes do cannot be awaited.</summary>
    /// <returns>Whether it is.</returns>
    public static async Task<bool> UntilAsync(Func<Task<bool>> reached, TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        while (!await reached())
        {
            if (clock.Elapsed > patience)
                return false;

            await Task.Delay(LookEvery);
        }

        return true;
    }

    public static int Doubled(CrashReceiver receiver) => receiver.Arrivals().Where(arrival => arrival.Taken).GroupBy(arrival => arrival.EventId).Sum(group => group.Count() - 1);

    public static async Task<int> ReadyAsync(HubProcess hub)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        using var answer = await client.GetAsync(new Uri(hub.Address, "/health/ready"));
        return (int)answer.StatusCode;
    }

    /// <summary>Waits for the hub to be ready again.</summary>
    public static async Task<TimeSpan> UntilReadyAsync(HubProcess hub)
    {
        var clock = Stopwatch.StartNew();
        await UntilAsync(async () => await ReadyAsync(hub) == 200, TimeSpan.FromMinutes(1));
        return clock.Elapsed;
    }

    /// <summary>Runs a program; its exit code and what it wrote.</summary>
    public static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }

    public static string LastError(HubProcess hub) =>
        hub.Output.Split('\n').LastOrDefault(line => line.Contains("disk", StringComparison.OrdinalIgnoreCase) || line.Contains("cannot be", StringComparison.Ordinal) || line.Contains("failed", StringComparison.Ordinal))?.Trim() ?? "";

    public static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
