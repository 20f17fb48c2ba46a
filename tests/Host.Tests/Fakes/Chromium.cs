using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IntegrationHub.Tests.Support;

namespace IntegrationHub.Host.Tests.Fakes;

/// <summary>A real browser without a window, told what to do over its DevTools protocol. One page; not thread-safe.</summary>
internal sealed partial class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string profile = Directory.CreateTempSubdirectory("hub-chromium-").FullName;
    private readonly ClientWebSocket socket = new();
    private readonly Process process;
    private string? session;
    private int sent;

    private Chromium()
    {
        // As root, as in a container, it starts without its sandbox only.
        string[] arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0", $"--user-data-dir={profile}", "about:blank"];
        process = Process.Start(new ProcessStartInfo("chromium", arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
    }

    /// <summary>Skips the test where there is none, or fails it where everything is required.</summary>
    public static async Task<Chromium> StartAsync()
    {
        Require.Program("chromium");
        var browser = new Chromium();
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            await browser.ConnectAsync(patience.Token);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens an address; completes when the page has been taken over, whatever it shows.</summary>
    public async Task OpenAsync(string address)
    {
        await CallAsync("Page.navigate", new { url = address });
        await UntilAsync($"location.href === {JsonSerializer.Serialize(address)} && document.readyState === 'complete'");
    }

    /// <summary>Which language it asks for, from the next page on.</summary>
    public async Task SpeakAsync(string language)
    {
        await CallAsync("Network.enable", new { });
        await CallAsync("Network.setExtraHTTPHeaders", new { headers = new Dictionary<string, string> { ["Accept-Language"] = language } });
    }

    /// <summary>How large its window is, in CSS pixels, and whether its owner likes it dark.</summary>
    public async Task LookAsync(int width, int height, bool dark = false)
    {
        await CallAsync("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 1, mobile = width < 600 });
        await CallAsync("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = dark ? "dark" : "light" } } });
    }

    /// <summary>What the page looks like, as PNG.</summary>
    public async Task<byte[]> PictureAsync() => (await CallAsync("Page.captureScreenshot", new { format = "png" })).GetProperty("data").GetBytesFromBase64();

    /// <summary>The value of an expression, awaited when it is a promise.</summary>
    public async Task<JsonElement> EvaluateAsync(string expression)
    {
        var answer = await CallAsync("Runtime.evaluate", new { expression, awaitPromise = true, returnByValue = true });
        Assert.False(answer.TryGetProperty("exceptionDetails", out _), answer.GetRawText());
        return answer.GetProperty("result").TryGetProperty("value", out var value) ? value : default;
    }

    /// <summary>Waits until the page says so. The page may be another meanwhile.</summary>
    public async Task UntilAsync(string condition)
    {
        var patience = Stopwatch.StartNew();
        while (!(await EvaluateAsync(condition)).GetBoolean())
        {
            Assert.True(patience.Elapsed < Patience, $"It did not come to this: {condition}");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        socket.Dispose();
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);

        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(profile, recursive: true);
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        Match address;
        do
        {
            var line = await process.StandardError.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("Chromium ended before it could be spoken to.");
            address = DevTools().Match(line);
        }
        while (!address.Success);

        // Whoever is not read from comes to a stop.
        _ = process.StandardError.BaseStream.CopyToAsync(System.IO.Stream.Null, CancellationToken.None).ContinueWith(static _ => { }, TaskScheduler.Default);
        await socket.ConnectAsync(new Uri(address.Value), cancellationToken);
        var page = await CallAsync("Target.createTarget", new { url = "about:blank" });
        session = (await CallAsync("Target.attachToTarget", new { targetId = page.GetProperty("targetId").GetString(), flatten = true })).GetProperty("sessionId").GetString();
    }

    private async Task<JsonElement> CallAsync(string method, object parameters)
    {
        using var patience = new CancellationTokenSource(Patience);
        var id = ++sent;
        var command = new Dictionary<string, object?> { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null)
            command["sessionId"] = session;

        await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(command), WebSocketMessageType.Text, true, patience.Token);
        while (true)
        {
            // Events come in between; nobody asked for them.
            var message = await ReceiveAsync(patience.Token);
            if (!message.TryGetProperty("id", out var answered) || answered.GetInt32() != id)
                continue;

            Assert.False(message.TryGetProperty("error", out var error), $"{method}: {error}");
            return message.GetProperty("result");
        }
    }

    private async Task<JsonElement> ReceiveAsync(CancellationToken cancellationToken)
    {
        var text = new MemoryStream();
        var buffer = new byte[16 * 1024];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            text.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);

        return JsonElement.Parse(Encoding.UTF8.GetString(text.ToArray()));
    }

    [GeneratedRegex(@"ws://\S+")]
    private static partial Regex DevTools();
}
