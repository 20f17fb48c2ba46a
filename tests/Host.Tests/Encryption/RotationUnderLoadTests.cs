using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Hosting;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Secrets;
using IntegrationHub.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace IntegrationHub.Host.Tests.Encryption;

/// <summary>The master key is replaced while a real hub works with 10,000 connections, and is killed without warning in the middle, again and again.</summary>
public sealed class RotationUnderLoadTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Connections = 10_000;
    private const int Subscriptions = 200;
    private const int Kills = 5;
    private const int Readers = 4;
    private const int Writers = 2;
    private const int Seed = 20_260_401;

    private readonly string data = HubProcess.NewDataFolder();
    private readonly int port = HubProcess.FreePort();
    private readonly Random random = new(Seed);

    /// <summary>By connection: the values its secret may have. More than one where a change was under way when the hub was killed.</summary>
    private readonly ConcurrentDictionary<string, string[]> secrets = new();
    private readonly ConcurrentQueue<string> failures = new();
    private readonly ConcurrentQueue<double> latencies = new();
    private string[] ids = [];
    private string plugins = "";
    private int reads;
    private int writes;

    private string KeyFile => Path.Combine(data, KeyFileSource.FileName);

    // Slow enough that there is a middle to be killed in.
    private static Dictionary<string, string> Variables => new()
    {
        ["HUB_ENCRYPTION__REWRAP_BATCH"] = "40",
        ["HUB_ENCRYPTION__REWRAP_PAUSE"] = "00:00:00.02",
        ["HUB_ENCRYPTION__RETIRE_AFTER"] = "00:00:01",
        ["SERILOG__MINIMUMLEVEL__DEFAULT"] = "Warning",
    };

    public async Task InitializeAsync()
    {
        plugins = Path.Combine(data, "plugins.json");
        await File.WriteAllTextAsync(plugins, JsonSerializer.Serialize(new { plugins = new[] { Repository.At("plugins", "stripe") } }));
        await FillAsync();
    }

    [Fact]
    public async Task Rotate_KilledInTheMiddleAgainAndAgain_EverySecretIsReadableAndNoneIsUnderTheOldKey()
    {
        var oldText = await File.ReadAllTextAsync(KeyFile);
        var old = MasterKey.Parse(oldText, "the test");
        var partly = 0;
        for (var round = 0; round < Kills; round++)
        {
            await using var hub = await StartAsync();
            if (round == 0)
                await hub.PostAsync("/api/encryption/rotate", new { });

            // First in the middle of it, surely; then after a number of answers, which is anywhere in the work.
            var answers = random.Next(50, 400);
            await LoadAsync(hub, round == 0 ? null : answers);
            var (before, after) = await CountAsync(old.Id);
            if (before > 0 && after > 0)
                partly++;
        }

        Assert.InRange(partly, 1, Kills);

        TimeSpan whole;
        await using (var hub = await StartAsync())
        {
            var started = Stopwatch.StartNew();
            using var done = new CancellationTokenSource();
            var load = RunLoadAsync(hub, done.Token);
            await hub.EventuallyAsync("/api/encryption", status => status.GetProperty("rotation").GetProperty("state").GetString() == "idle" && status.GetProperty("former").GetArrayLength() == 0);
            whole = started.Elapsed;
            await done.CancelAsync();
            await load;
            Assert.Equal(0, await hub.StopAsync());
        }

        Assert.Empty(failures.Take(5));
        Assert.NotEqual(oldText, await File.ReadAllTextAsync(KeyFile));
        await CheckAsync(old);
        var sorted = latencies.Order().ToArray();
        output.WriteLine($"{secrets.Count} connections, {Kills} kills ({partly} with rows under both keys), {reads} reads and {writes} writes, 0 failed; reads p50 {sorted[sorted.Length / 2]:0.0} ms, p99 {sorted[sorted.Length * 99 / 100]:0.0} ms; the last start needed {whole.TotalSeconds:0.0} s to the end, seed {Seed}");
    }

    public Task DisposeAsync()
    {
        Directory.Delete(data, recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>What the hub would hold after years, made without its API.</summary>
    private async Task FillAsync()
    {
        await using var app = await OpenAsync();
        var services = app.Services;
        var sealing = services.GetRequiredService<ConnectionSecrets>();
        var time = services.GetRequiredService<TimeProvider>();
        var store = services.GetRequiredService<IConnectionStore>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Connections), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, token) =>
        {
            var id = Ids.New(Ids.Connection, time);
            var secret = NewSecret();
            var key = sealing.NewKey(id);
            secrets[id] = [secret];
            Assert.True(await store.TryAddAsync(
                new Connection
                {
                    Id = id, Project = "shop", Provider = "stripe", Environment = "dev", Alias = "a" + i, Config = JsonElement.Parse("{}"),
                    Secrets = new Dictionary<string, SealedSecret> { ["secretKey"] = sealing.Seal(id, key, "secretKey", JsonSerializer.SerializeToElement(secret)) },
                    WrappedKey = key, MasterKeyId = sealing.MasterKeyIdOf(key), BaseUrlOverride = $"http://127.0.0.1:{port}/simulators/stripe",
                    CreatedAt = time.GetUtcNow(), UpdatedAt = time.GetUtcNow(),
                },
                token));
        });

        var signing = services.GetRequiredService<Host.Events.SubscriptionSecrets>();
        var subscriptions = services.GetRequiredService<Host.Events.ISubscriptionStore>();
        for (var i = 0; i < Subscriptions; i++)
        {
            var draft = Storage.Some.Subscription() with { Id = Ids.New(Ids.Subscription, time), Enabled = false };
            await subscriptions.AddAsync(signing.Create(draft).Subscription, CancellationToken.None);
        }

        ids = [.. secrets.Keys];
    }

    private Task<HubProcess> StartAsync() => HubProcess.StartAsync(data, plugins, port: port, variables: Variables);

    /// <summary>The hub's services over its data, nothing served.</summary>
    private async Task<WebApplication> OpenAsync()
    {
        var app = HubApp.Build(["--data", data, "--plugins", plugins, "--urls", "http://127.0.0.1:0", "--Serilog:MinimumLevel:Default", "Fatal"]);
        await app.Services.GetRequiredService<HubStartup>().RunAsync(CancellationToken.None);
        return app;
    }

    private async Task<(long Old, long New)> CountAsync(string old)
    {
        await using var storage = await Storage.Sqlite.SqliteHarness.OpenAsync(data);
        var counts = await new Host.Storage.Sqlite.SqliteWrappedKeyStore(storage, TimeProvider.System).CountAsync(CancellationToken.None);
        return (counts.GetValueOrDefault(old), counts.Where(count => count.Key != old).Sum(count => count.Value));
    }

    /// <param name="hub">The hub, which is killed in the end.</param>
    /// <param name="killAfter">After so many answers; <see langword="null"/> for as soon as something has been wrapped anew.</param>
    private async Task LoadAsync(HubProcess hub, int? killAfter)
    {
        using var stop = new CancellationTokenSource();
        var start = reads + writes;
        var load = RunLoadAsync(hub, stop.Token);
        if (killAfter is null)
            await hub.EventuallyAsync("/api/encryption", status => status.GetProperty("rotation").GetProperty("rewrapped").GetInt64() > 0);
        while (reads + writes - start < killAfter && !hub.HasExited)
            await Task.Yield();

        await hub.KillAsync();
        await stop.CancelAsync();
        await load;
    }

    private Task RunLoadAsync(HubProcess hub, CancellationToken stop) => Task.WhenAll(
        Enumerable.Range(0, Readers + Writers).Select(i => Task.Run(async () =>
        {
            var own = new Random(Seed + i + reads);
            while (!stop.IsCancellationRequested && !hub.HasExited)
                if (i < Readers)
                    await ReadAsync(hub, ids[own.Next(ids.Length)]);
                else if (own.Next(4) == 0)
                    await CreateAsync(hub);
                else

                    // Each writer has connections of its own, so that it knows what they hold.
                    await ChangeAsync(hub, ids[(own.Next(ids.Length / Writers) * Writers) + (i - Readers)]);
        })));

    /// <summary>An operation: it opens the connection's secrets.</summary>
    private async Task ReadAsync(HubProcess hub, string id)
    {
        var started = Stopwatch.GetTimestamp();
        if (await SendAsync(hub, HttpMethod.Post, $"/api/connections/{id}/operations/retrieveBalance", new { @params = new { } }) is null)
            return;

        latencies.Enqueue(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        Interlocked.Increment(ref reads);
    }

    private async Task ChangeAsync(HubProcess hub, string id)
    {
        var secret = NewSecret();
        var before = secrets[id];
        secrets[id] = [.. before, secret];
        if (await SendAsync(hub, HttpMethod.Post, $"/api/connections/{id}/rotate", new { config = new { secretKey = secret }, overlap = "0s" }) is null)
            return;

        secrets[id] = [secret];
        Interlocked.Increment(ref writes);
    }

    private async Task CreateAsync(HubProcess hub)
    {
        var secret = NewSecret();
        var made = await SendAsync(hub, HttpMethod.Post, "/api/connections", new { provider = "stripe", alias = "n" + Guid.NewGuid().ToString("N"), config = new { secretKey = secret } });
        if (made is not { } connection)
            return;

        secrets[connection.GetProperty("id").GetString()!] = [secret];
        Interlocked.Increment(ref writes);
    }

    /// <returns>The answer; <see langword="null"/> when the hub was killed meanwhile.</returns>
    private async Task<JsonElement?> SendAsync(HubProcess hub, HttpMethod method, string path, object body)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
            using var answer = await hub.Client.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            if (answer.IsSuccessStatusCode)
                return JsonElement.Parse(text);

            failures.Enqueue($"{method} {path}: {(int)answer.StatusCode} {text}");
            return null;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or TaskCanceledException)
        {
            // Killed. A hub that answers nothing although it runs is a failure.
            for (var i = 0; i < 100 && !hub.HasExited; i++)
                await Task.Delay(20);

            if (!hub.HasExited)
                failures.Enqueue($"{method} {path}: {fault.Message}");

            return null;
        }
    }

    /// <summary>Opens everything with what the key file holds now, and nothing with the old key.</summary>
    private async Task CheckAsync(MasterKey old)
    {
        var now = Assert.Single(await new KeyFileSource(data).LoadAsync(CancellationToken.None));
        Assert.NotEqual(old.Id, now.Id);
        await using var app = await OpenAsync();
        var counts = await app.Services.GetRequiredService<IWrappedKeyStore>().CountAsync(CancellationToken.None);
        Assert.Equal([now.Id], counts.Keys);

        // Connections that were made and whose answer was lost with the hub are there as well.
        Assert.InRange(counts[now.Id], secrets.Count + Subscriptions + 2, long.MaxValue);
        var sealing = app.Services.GetRequiredService<ConnectionSecrets>();
        var store = app.Services.GetRequiredService<IConnectionStore>();
        var withOld = new Sealer(new MasterKeyRing(old));
        foreach (var (id, possible) in secrets)
        {
            var connection = (await store.GetAsync(id, CancellationToken.None))!;
            Assert.Contains(sealing.Open(connection, "secretKey", connection.Secrets["secretKey"].Value).GetString(), possible);
            Assert.ThrowsAny<CryptographicException>(() => withOld.Unwrap(connection.WrappedKey, KeyContexts.Connection(id)));
        }

        var signing = app.Services.GetRequiredService<Host.Events.SubscriptionSecrets>();
        var subscriptions = await app.Services.GetRequiredService<Host.Events.ISubscriptionStore>().ListAsync(null, null, new PageRequest(PageRequest.MaxLimit), CancellationToken.None);
        Assert.Equal(Subscriptions, subscriptions.Items.Count);
        Assert.All(subscriptions.Items, subscription => Assert.StartsWith("whsec_", signing.Open(subscription, DateTimeOffset.UnixEpoch)[0], StringComparison.Ordinal));

        var verified = await app.Services.GetRequiredService<Host.Access.AuditVerifier>().VerifyAsync(CancellationToken.None);
        Assert.True(verified.Ok, verified.Reason);
    }

    private static string NewSecret() => "sk_" + "test_" + Guid.NewGuid().ToString("N");
}
