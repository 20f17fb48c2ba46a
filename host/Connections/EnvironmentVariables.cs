using System.Text.Json;

namespace IntegrationHub.Host.Connections;

/// <summary>Reads the process's environment, for <c>x-env</c> fields.</summary>
internal sealed class EnvironmentVariables(Func<string, string?> read)
{
    public static EnvironmentVariables OfProcess { get; } = new(System.Environment.GetEnvironmentVariable);

    /// <summary>The value of a field; <see langword="null"/> when the variable is absent or empty.</summary>
    public JsonElement? ValueOf(EnvironmentField field)
    {
        if (read(field.Variable) is not { Length: > 0 } text)
            return null;

        if (!field.IsText)
            try
            {
                return JsonElement.Parse(text);
            }
            catch (JsonException)
            {
                // The schema says what is wrong with it.
            }

        return JsonSerializer.SerializeToElement(text);
    }
}
