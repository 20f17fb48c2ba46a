using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Hosting;

/// <summary>
/// Refuses a command line that cannot mean what was typed. The configuration's own reader passes over what it does not understand: a slip would start a hub at another address, or over another
/// folder, than was asked for.
/// </summary>
internal static class ServerArguments
{
    private const string Settings = "Every other setting has a section in its name: --Hub:Section:Name VALUE.";

    /// <summary>What is meant for people, and then what ASP.NET Core reads besides.</summary>
    private static readonly string[] Options = ["urls", "data", "plugins", "public-url", "environment"];

    private static readonly HashSet<string> Names = new(
        [
            .. Options, "contentRoot", "webRoot", "applicationName", "http_ports", "https_ports", "https_port", "preferHostingUrls", "shutdownTimeoutSeconds", "detailedErrors", "captureStartupErrors",
            "suppressStatusMessages", "startupAssembly", "hostingStartupAssemblies", "hostingStartupExcludeAssemblies", "preventHostingStartup", "allowedHosts", "forwardedHeaders_enabled",
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <exception cref="FormatException">It cannot; the message says what is wrong.</exception>
    public static void Check(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var typed = args[i];
            var name = typed.StartsWith("--", StringComparison.Ordinal) ? typed[2..] : typed.StartsWith('-') || typed.StartsWith('/') ? typed[1..] : typed;
            var value = name.IndexOf('=', StringComparison.Ordinal);
            if (value >= 0)
                name = name[..value];
            else if (name.Length == typed.Length)
                throw new FormatException($"'{typed}' is neither an option nor the value of one. Options come with two hyphens: --urls http://127.0.0.1:5080");

            // A section's settings are many, and plugins' sections are their own.
            if (!name.Contains(':', StringComparison.Ordinal) && !Names.Contains(name))
                throw new FormatException($"There is no option '--{name}'. {Suggestion.For(name, Options)} {Settings}");
            if (value >= 0)
                continue;
            if (i + 1 == args.Count || args[i + 1].StartsWith("--", StringComparison.Ordinal))
                throw new FormatException($"The option '{typed}' has no value.");

            i++;
        }
    }
}
