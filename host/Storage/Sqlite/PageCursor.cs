using System.Buffers.Text;
using System.Globalization;
using System.Text;
using IntegrationHub.Host.Http;

namespace IntegrationHub.Host.Storage.Sqlite;

/// <summary>The sort key of a page's last row, and the list it belongs to, as opaque text.</summary>
internal static class PageCursor
{
    public static string Write(string list, long number, string id = "") =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{list}|{number}|{id}")));

    /// <exception cref="ProblemException">It is no cursor of this list.</exception>
    public static (long Number, string Id) Read(string list, string cursor)
    {
        if (cursor.Length <= 512
            && Base64Url.IsValid(cursor)
            && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split('|', 3) is [var name, var number, var id]
            && name == list
            && long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            return (value, id);

        throw Problem.Invalid(
            "The cursor is not one that this list gave.",
            new Schemas.ValidationIssue("/cursor", "Not a cursor of this list.", "Use nextCursor of the former page as it is, or leave it out for the first page.")).ToException();
    }
}
