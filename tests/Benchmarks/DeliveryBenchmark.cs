using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using IntegrationHub.Benchmarks.Reporting;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Benchmarks;

/// <summary>How fast a backlog of signed events reaches one endpoint, beside a bare loop that signs and posts the same bodies as often at once.</summary>
internal static class DeliveryBenchmark
{
    public static async Task<int> RunAsync(EventBenchOptions options)
    {
        Console.WriteLine($"delivery: {Hardware()}");
        await using var receiver = await EventReceiver.StartAsync();

        // Nothing times out while the backlog is made.
        await using var hub = await StartHubAsync(new() { ["HUB_DELIVERY__TIMEOUT"] = "00:04:00", ["HUB_DELIVERY__LEASE"] = "00:05:00", ["HUB_DELIVERY__CONCURRENCYPERENDPOINT"] = Text(options.Concurrency) });
        var connection = await ConnectAsync(hub, receiver.Url);
        receiver.Close();
        var filled = await new StripeLoad(hub.Address.Port, $"/v1/webhooks/stripe/{connection}", TimeProvider.System)
            .RunAsync(options.Connections, TimeSpan.FromSeconds(options.Seconds), keepIds: true);
        Console.WriteLine($"backlog: {filled.Acknowledged} events; load before the run: {Machine.Load}");

        using var process = Process.GetProcessById(hub.Id);
        var cpu = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        receiver.Open();
        var seconds = await DrainAsync(receiver, filled.Acknowledged, clock);
        var elapsed = clock.Elapsed;
        process.Refresh();
        var rate = filled.Acknowledged / elapsed.TotalSeconds;
        var cores = (process.TotalProcessorTime - cpu).TotalSeconds / elapsed.TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"hub: {rate:0} /s over {elapsed.TotalSeconds:0.0} s ({options.Concurrency} at once), slowest second {seconds.DefaultIfEmpty().Min()}, fastest {seconds.DefaultIfEmpty().Max()}; {cores:0.00} cores, {hub.WorkingSet / 1048576} MB resident"));

        await UntilRecordedAsync(hub);
        var delivered = receiver.FirstAt.Count;
        var lost = filled.Ids.Count(id => !receiver.FirstAt.ContainsKey(id));
        var doubled = receiver.Total - receiver.FirstAt.Count;
        var unsigned = receiver.Unsigned;
        var resident = hub.WorkingSet;
        await hub.StopAsync();
        hub.DeleteData();

        receiver.Forget();
        var baseline = await BaselineAsync(receiver, options);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bare loop (signs, posts, stores nothing): {baseline:0} /s ({options.Concurrency} at once)"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio: {rate / baseline:P1}"));
        Console.WriteLine($"delivered {delivered}, lost {lost}, doubled {doubled}, unsigned {unsigned}; load after the run: {Machine.Load}");
        Figures.Add(
            Figure.Against("signed deliveries to one endpoint", rate, baseline, "deliveries/s") with
            {
                Limit = Limit.Least(3_000), Meaning = $"A backlog sent to one endpoint, {options.Concurrency} at once. The baseline is a loop that signs and posts the same body as often at once, and leases, opens and records nothing.",
            },
            new Figure("slowest full second", seconds.DefaultIfEmpty().Min(), "deliveries"),
            new Figure("processor", cores, "cores"),
            new Figure("resident", resident / 1048576.0, "MB") { Limit = Limit.Most(250) },
            new Figure("delivered", delivered, "events"),
            Figure.Lost(lost, "acknowledged and not delivered"),
            Figure.Doubled(doubled, "delivered twice"));
        return lost == 0 && doubled == 0 && unsigned == 0 ? 0 : 1;
    }

    public static string Hardware() => $"{Machine.Processor}, {Environment.ProcessorCount} cores, {Machine.MemoryGb} GB, .NET {Environment.Version}";

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    public static Task<HubProcess> StartHubAsync(Dictionary<string, string> variables, string? data = null)
    {
        variables["HUB_ALLOWPRIVATETARGETS"] = "true";
        return HubProcess.StartAsync(data, environment: "Production", variables: variables);
    }

    /// <summary>A connection, and a subscription to all that comes in by it.</summary>
    public static async Task<string> ConnectAsync(HubProcess hub, string url)
    {
        var connection = await PostAsync(hub, "/api/connections", new
        {
            provider = "stripe",
            config = new { secretKey = "sk_" + "test_" + new string('b', 24), webhookSecret = StripeLoad.Secret },
        });
        await PostAsync(hub, "/api/subscriptions", new { pattern = "stripe.**", target = new { kind = "webhook", url } });
        return connection;
    }

    /// <summary>Waits until no delivery is on its way.</summary>
    public static async Task UntilRecordedAsync(HubProcess hub)
    {
        for (var i = 0; i < 600; i++)
        {
            var page = await hub.Client.GetFromJsonAsync<JsonElement>("/api/deliveries?status=pending&limit=1");
            if (page.GetProperty("items").GetArrayLength() == 0)
                return;

            await Task.Delay(50);
        }

        Console.WriteLine("some deliveries are still pending");
    }

    /// <summary>The bare loop: the argument file is the body.</summary>
    public static async Task<int> SendAsync(string url, int concurrency, int seconds, string file)
    {
        var body = await File.ReadAllBytesAsync(file);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null };
        using var client = new HttpClient(handler);
        var secret = Webhooks.StandardWebhooks.NewSecret();
        long sent = 0;
        var until = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; until.Elapsed < TimeSpan.FromSeconds(seconds); i++)
            {
                var id = string.Create(CultureInfo.InvariantCulture, $"evt_{worker:000}{i:0000000}");
                var now = TimeProvider.System.GetUtcNow();
                using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
                request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/cloudevents+json; charset=utf-8");
                foreach (var (name, value) in Webhooks.StandardWebhooks.Headers(id, now, body, secret))
                    request.Headers.TryAddWithoutValidation(name, value);
                using var answer = await client.SendAsync(request);
                answer.EnsureSuccessStatusCode();
                Interlocked.Increment(ref sent);
            }
        })));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sent / until.Elapsed.TotalSeconds:R}"));
        return 0;
    }

    /// <returns>What came in each full second.</returns>
    private static async Task<List<long>> DrainAsync(EventReceiver receiver, long expected, Stopwatch clock)
    {
        var seconds = new List<long>();
        long before = 0;
        var next = TimeSpan.FromSeconds(1);
        while (receiver.Total < expected && clock.Elapsed < TimeSpan.FromMinutes(3))
        {
            await Task.Delay(5);
            if (clock.Elapsed < next)
                continue;

            var now = receiver.Total;
            seconds.Add(now - before);
            (before, next) = (now, next + TimeSpan.FromSeconds(1));
        }

        return seconds;
    }

    private static async Task<double> BaselineAsync(EventReceiver receiver, EventBenchOptions options)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, receiver.Sample ?? throw new InvalidOperationException("Nothing was delivered."));
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["event-sender", receiver.Url, Text(options.Concurrency), Text(options.Seconds), file]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        File.Delete(file);
        return double.Parse(output, CultureInfo.InvariantCulture);
    }

    private static async Task<string> PostAsync(HubProcess hub, string path, object body)
    {
        using var answer = await hub.Client.PostAsJsonAsync(path, body);
        var read = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return answer.IsSuccessStatusCode ? read.GetProperty("id").GetString()! : throw new InvalidOperationException(read.GetRawText());
    }
}

/// <param name="Seconds">How long events are sent.</param>
/// <param name="Connections">Connections that send them.</param>
/// <param name="Concurrency">Deliveries to the endpoint at once.</param>
/// <param name="Rate">Events a second, where the rate is given.</param>
/// <param name="Warmup">Seconds before the figures count.</param>
internal sealed record EventBenchOptions(int Seconds = 8, int Connections = 64, int Concurrency = 16, int Rate = 1500, int Warmup = 10)
{
    public static EventBenchOptions Parse(string[] args)
    {
        var options = new EventBenchOptions();
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var value = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
            options = args[i] switch
            {
                "--seconds" => options with { Seconds = value },
                "--connections" => options with { Connections = value },
                "--concurrency" => options with { Concurrency = value },
                "--rate" => options with { Rate = value },
                "--warmup" => options with { Warmup = value },
                _ => throw new ArgumentException($"Unknown option {args[i]}."),
            };
        }

        return options;
    }
}
