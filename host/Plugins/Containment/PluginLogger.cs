using System.Globalization;

namespace IntegrationHub.Host.Plugins;

/// <summary>
/// One logger of a plugin. States, formatters and exceptions are the plugin's objects: they are put into words here, on the plugin's thread, and the host's sinks, which keep
/// what they get in queues and write it on other threads, see plain values only. Never throws. Thread-safe.
/// </summary>
internal sealed class PluginLogger(ILogger inner, LogBudget? budget, int maxLength) : ILogger
{
    private const int MaxProperties = 32;
    private const int MaxName = 128;
    private const int MaxScopes = 16;
    private const string Format = "{OriginalFormat}";

    private static readonly AsyncLocal<Scope?> Scopes = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        var outer = Scopes.Value;
        if (outer?.Depth == MaxScopes)
            return null;

        return Scopes.Value = new Scope(TextOf(state), outer);
    }

    public bool IsEnabled(LogLevel logLevel) => Enum.IsDefined(logLevel) && inner.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel) || logLevel == LogLevel.None || budget?.TryTake() == false)
            return;

        var message = Render(state, exception, formatter);
        var entry = new List<KeyValuePair<string, object?>>();
        AddProperties(entry, state);
        entry.Add(new("Text", message));
        entry.Add(new(Format, "{Text:l}"));
        Uninterrupted.Run(new Line(inner, logLevel, new EventId(eventId.Id, Cut(eventId.Name, MaxName)), entry, Scopes.Value), static line => line.Write());
    }

    private string Render<TState>(TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string text;
        try
        {
            text = formatter(state, exception) ?? "";
        }
        catch (Exception fault)
        {
            text = $"(a log message could not be formatted: {FaultText.TypeOf(fault)})";
        }

        if (exception is not null)
            text += "\n" + TextOf(exception);

        return Cut(text, maxLength)!;
    }

    private void AddProperties<TState>(List<KeyValuePair<string, object?>> entry, TState state)
    {
        if (state is not IReadOnlyList<KeyValuePair<string, object?>> properties)
            return;

        try
        {
            for (var i = 0; i < properties.Count && entry.Count < MaxProperties; i++)
                if (properties[i] is { Key: { Length: > 0 and <= MaxName } key, Value: var value } && key is not (Format or "Text"))
                    entry.Add(new(key, IsPlain(value) ? value is string text ? Cut(text, maxLength) : value : TextOf(value!)));
        }
        catch (Exception)
        {
            // The list is the plugin's. The message is there without it.
        }
    }

    private static bool IsPlain(object? value) => value is null || Type.GetTypeCode(value.GetType()) != TypeCode.Object && !value.GetType().IsEnum || value is Guid or TimeSpan or DateTimeOffset;

    private string TextOf<T>(T value)
    {
        try
        {
            return Cut(value is IFormattable formattable ? formattable.ToString(null, CultureInfo.InvariantCulture) : value?.ToString(), maxLength) ?? "";
        }
        catch (Exception fault)
        {
            return $"({value!.GetType().FullName}, whose text could not be made: {FaultText.TypeOf(fault)})";
        }
    }

    /// <summary>A scope of the plugin's. The host's own scopes would be bound to the host's flow, which the plugin's code does not have.</summary>
    private sealed class Scope(string text, Scope? outer) : IDisposable
    {
        public string Text => text;

        public Scope? Outer => outer;

        public int Depth { get; } = (outer?.Depth ?? 0) + 1;

        public void Dispose() => Scopes.Value = outer;
    }

    private sealed record Line(ILogger Logger, LogLevel Level, EventId Event, List<KeyValuePair<string, object?>> Entry, Scope? Scope)
    {
        /// <summary>Under the scopes of whoever made the call in which it was logged, which hold its correlation id, and then those of the plugin.</summary>
        public void Write()
        {
            if (CallFlow.Caller is { } caller)
                ExecutionContext.Run(caller, static line => ((Line)line!).WriteHere(), this);
            else
                WriteHere();
        }

        private void WriteHere()
        {
            var texts = new Stack<string>();
            for (var scope = Scope; scope is not null; scope = scope.Outer)
                texts.Push(scope.Text);

            var open = new Stack<IDisposable?>();
            foreach (var text in texts)
                open.Push(Logger.BeginScope(text));

            try
            {
                Logger.Log(Level, Event, Entry, null, static (written, _) => (string)written[^2].Value!);
            }
            finally
            {
                while (open.TryPop(out var shown))
                    shown?.Dispose();
            }
        }
    }

    private static string? Cut(string? text, int length) => text is not null && text.Length > length ? text[..length] + "…" : text;
}
